import { pruneContainers, type Container } from 'containerv-linux';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Baseline, expectBaseline, takeBaseline } from '../support/baseline.js';
import { eventually } from '../support/eventually.js';
import { addressOf, ask, hostCommand, networked, serve } from '../support/network.js';
import { type NetworkRemains, networkRemains } from '../support/network-remains.js';
import { Outside } from '../support/outside.js';
import { describeNetwork } from '../support/privilege.js';
import { sharedRoot } from '../support/root.js';
import { chosenSteps, makePlace, runStepped } from '../support/stepped.js';
import { full, idFor, reaper } from '../support/suite.js';

/** One with somebody else on it, and one that comes and goes with each container. */
const [kept, own] = ['v', 'w'].map((letter) => `cvt${letter}${reaper}`.slice(0, 15)) as [string, string];
const BRIDGES = [
  ['of a bridge that another container is on', kept],
  ['of a bridge of its own', own],
] as const;
const OPERATIONS = ['create', 'stop', 'start', 'destroy'] as const;
const CASES = BRIDGES.flatMap(([title, bridge]) =>
  OPERATIONS.flatMap((operation) =>
    // Destroying is the owner's alone: process 1 is killed first of all.
    (operation === 'destroy' ? (['owner'] as const) : (['owner', 'init'] as const)).map(
      (victim) => [operation, victim, title, bridge] as const,
    ),
  ),
);
const NOTHING: NetworkRemains = { interfaces: [], tables: [], records: [] };

describeNetwork('a private network', () => {
  let server: Container;
  let client: Container;
  let address: string;
  let published: number;
  let baseline: Baseline;
  let before: NetworkRemains;
  // Made here: nobody removes what a file of which every test is skipped has made.
  let place: string;

  beforeAll(async () => {
    place = makePlace();
    {
      await using listener = await Outside.onHost();
      published = listener.port;
    }
    server = await networked({ bridge: kept }, { id: idFor('bystander') });
    client = await networked({ bridge: kept }, { id: idFor('neighbour') });
    address = await addressOf(server);
    await serve(server, 'tcp', 80, 'there');
    baseline = takeBaseline();
    before = networkRemains(kept, [server.id, client.id]);
  });

  afterAll(async () => {
    await client.destroy();
    await server.destroy();
    expect(networkRemains(kept, [server.id, client.id])).toEqual(NOTHING);
  });

  const options = (bridge: string): object => ({
    rootfs: sharedRoot(),
    network: { bridge, ports: [{ host: published, container: 80 }], egress: ['198.51.100.2'] },
  });

  test('rules of a bridge that went, or never came, are removed by a prune; those of one that is there stay', async () => {
    hostCommand('nft', 'add', 'table', 'inet', `containerv-${own}`);
    expect(networkRemains(own, [])).toEqual({ ...NOTHING, tables: [`table inet containerv-${own}`] });
    expect((await pruneContainers()).failed).toEqual([]);
    expect(networkRemains(own, [])).toEqual(NOTHING);
    expect(networkRemains(kept, [server.id, client.id])).toEqual(before);
  });

  test.for(CASES)(
    '%s: its %s killed at any step leaves nothing %s that a prune does not remove',
    { timeout: full ? 3_600_000 : 120_000 },
    async ([operation, victim, , bridge]) => {
      const counting = await runStepped(place, options(bridge), [`${operation}/${victim}/0`]);
      expect(counting.end, JSON.stringify(counting.end)).toMatchObject({ code: 0 });
      let killed = 0;
      for (const step of chosenSteps(counting.steps[0]?.counted ?? 0, 2)) {
        const { end, id, steps, rounds } = await runStepped(place, options(bridge), [
          `${operation}/${victim}/${step}`,
        ]);
        if (steps[0]?.killed !== undefined) killed++;
        // Whoever outlives its process 1 is told, and tidies up.
        if (victim === 'init' || steps[0]?.killed === undefined) {
          expect(end, JSON.stringify(end)).toMatchObject({ code: 0, signal: null, stderr: '' });
          expect(rounds).toMatchObject([{ known: true, zombies: [] }]);
        } else {
          expect(end).toMatchObject({ signal: 'SIGKILL' });
        }
        await eventually(async () => {
          expect((await pruneContainers()).failed).toEqual([]);
          expectBaseline(baseline, [id], []);
          expect(networkRemains(kept, [id, server.id, client.id])).toEqual(before);
          expect(networkRemains(own, [id])).toEqual(NOTHING);
        }, 20_000);
        expect((await ask(client, ['tcp', address, 80]))[0]).toMatch(/^there /);
      }
      expect(killed).toBeGreaterThan(0);
    },
  );
});
