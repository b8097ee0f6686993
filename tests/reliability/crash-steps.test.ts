import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Container, pruneContainers } from 'containerv-linux';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectBaseline, takeBaseline, type Baseline } from '../support/baseline.js';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { sharedRoot } from '../support/root.js';
import {
  chosenSteps,
  makePlace,
  OPERATIONS,
  type Operation,
  runStepped,
  type SteppedEnd,
} from '../support/stepped.js';
import { full, idFor } from '../support/suite.js';

const options = { rootfs: sharedRoot() };
const place = makePlace();
/** How many rounds one program does: fewer than its deadline allows on a slow machine. */
const ROUNDS_EACH = 12;

let other: Container;
let before: Baseline;

beforeAll(async () => {
  other = await small({ id: idFor('bystander') });
  await other.run('attempt', ['write', '/srv/mark', 'kept']);
  before = takeBaseline();
});

afterAll(async () => other.destroy());

/** Everything as it was, and another's container works as before. */
async function expectNothingLeft(ids: readonly string[] = []): Promise<void> {
  await eventually(async () => {
    expect((await pruneContainers()).failed).toEqual([]);
    expectBaseline(before, ids, []);
  }, 20_000);
  expect((await other.run('show', ['/srv/mark'])).stdout).toBe('kept');
  for (const name of readdirSync(place)) {
    if (name === 'tree') continue;
    // What a program that was killed had begun of a snapshot is not taken for one, and is gone by now.
    expect(name).toMatch(/^(out|snapshot)-\d+$/);
    rmSync(path.join(place, name), { recursive: true });
  }
}

async function count(
  operation: Operation,
  victim: 'owner' | 'init' | 'actor',
  join?: string,
): Promise<number> {
  const { steps, end } = await runStepped(place, options, [`${operation}/${victim}/0`], join);
  expect(end, JSON.stringify(end)).toMatchObject({ code: 0 });
  return steps[0]?.counted ?? 0;
}

function expectTold({ end, rounds, steps }: SteppedEnd, asked: readonly string[]): void {
  expect(end, JSON.stringify(end)).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(rounds.map(({ round }) => round)).toEqual(asked);
  expect(rounds.filter(({ known }) => !known)).toEqual([]);
  expect(rounds.flatMap(({ zombies }) => zombies)).toEqual([]);
  expect(steps).toHaveLength(asked.length);
}

/** Programs that live on do many rounds each. */
async function expectSurvived(rounds: readonly string[], join?: string): Promise<number> {
  let killed = 0;
  for (let at = 0; at < rounds.length; at += ROUNDS_EACH) {
    const asked = rounds.slice(at, at + ROUNDS_EACH);
    const run = await runStepped(place, options, asked, join);
    expectTold(run, asked);
    killed += run.steps.filter((step) => step.killed !== undefined).length;
    await expectNothingLeft([run.id]);
  }
  return killed;
}

describe.each(OPERATIONS)('%s', (operation) => {
  // Destroying is the owner's alone: process 1 is killed first of all.
  test.skipIf(operation === 'destroy')(
    'is told, and leaves nothing, when process 1 or a helper is killed at any step of it',
    {
      timeout: full ? 3_600_000 : 120_000,
    },
    async () => {
      const rounds: string[] = [];
      for (const victim of ['init', 'actor'] as const) {
        const all = await count(operation, victim);
        rounds.push(...chosenSteps(all, 6).map((step) => `${operation}/${victim}/${step}`));
      }
      expect(await expectSurvived(rounds)).toBeGreaterThan(0);
    },
  );

  test('leaves nothing that a prune does not remove when its program is killed at any step of it', {
    timeout: full ? 3_600_000 : 120_000,
  }, async () => {
    const all = await count(operation, 'owner');
    let killed = 0;
    for (const step of chosenSteps(all, 3)) {
      const { end, id, steps } = await runStepped(place, options, [`${operation}/owner/${step}`]);
      // Not all runs have the same number of steps.
      if (steps[0]?.killed === undefined) expect(end).toMatchObject({ code: 0 });
      else expect(end).toMatchObject({ signal: 'SIGKILL' });
      killed += end.signal === 'SIGKILL' ? 1 : 0;
      await expectNothingLeft([id]);
    }
    expect(killed).toBeGreaterThan(0);
  });
});

test.each(['spawn', 'upload', 'download', 'snapshot', 'stop', 'destroy'] as const)(
  'a joined program that is killed at any step of %s does not harm the container',
  { timeout: full ? 3_600_000 : 120_000 },
  async (operation) => {
    const id = idFor('joined');
    const make = async (): Promise<Container> => small({ id });
    let container = await make();
    try {
      const ends = operation === 'stop' || operation === 'destroy';
      const all = await count(operation, 'owner', id);
      for (const step of chosenSteps(all, 3)) {
        if (ends) {
          await container.destroy();
          container = await make();
        }
        await runStepped(place, options, [`${operation}/owner/${step}`], id);
        if (operation === 'snapshot') {
          // It may have been killed while the container stood still for it, as only one with a control group does.
          if (container.enforced.cgroup !== false) {
            await container.pause();
            await container.resume();
          }
          await eventually(async () => {
            expect((await pruneContainers()).failed).toEqual([]);
            expect(readdirSync(place).filter((name) => name.startsWith('.'))).toEqual([]);
          }, 20_000);
        }
        for (const name of readdirSync(place)) {
          if (name !== 'tree') rmSync(path.join(place, name), { recursive: true });
        }
        // It had asked for that, or not yet.
        if (!ends) expect((await container.run('echo', ['alive'])).stdout).toBe('alive\n');
      }
    } finally {
      await container.destroy();
    }
    await expectNothingLeft();
  },
);
