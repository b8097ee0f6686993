import { joinContainer, listContainers, pruneContainers } from 'containerv-linux';
import { afterEach, describe, expect, test } from 'vitest';
import { attempt, processes, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { runProgram, startProgram } from '../support/program.js';
import { remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { idFor } from '../support/suite.js';

const env = { ROOTFS: sharedRoot() };

interface Made {
  readonly id: string;
  readonly staying: number;
  readonly going: number;
}

async function makeDetached(options: object = {}): Promise<Made> {
  const { code, stdout, stderr } = await runProgram(
    'detached',
    [JSON.stringify({ detached: true, ...options })],
    { env },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.slice('made '.length)) as Made;
}

afterEach(async () => {
  for (const { id } of await listContainers()) await (await joinContainer(id)).destroy();
});

describe('a detached container', () => {
  test('outlives the program that made it, with its detached processes and its files', async () => {
    const { id, staying, going } = await makeDetached();
    expect(await listContainers()).toMatchObject([{ id, state: 'running', detached: true, ownerPid: null }]);
    const container = await joinContainer(id);
    expect(container.state).toBe('running');
    await eventually(async () => {
      const pids = new Set((await processes(container)).map(({ pid }) => pid));
      expect({ staying: pids.has(staying), going: pids.has(going) }).toEqual({
        staying: true,
        going: false,
      });
    });
    expect(await attempt(container, [['read', '/srv/mark']])).toEqual(['ok']);
    await container.kill(staying, 'SIGKILL');
    await eventually(async () =>
      expect((await processes(container)).map(({ pid }) => pid)).not.toContain(staying),
    );
  });

  test('is not pruned, and removed by who joins it', async () => {
    const { id } = await makeDetached();
    expect(await pruneContainers()).toEqual({ removed: [], failed: [] });
    const container = await joinContainer(id);
    await container.destroy();
    expect(container.state).toBe('destroyed');
    expect(remainsOf(id)).toEqual([]);
    expect(await listContainers()).toEqual([]);
    await failure(container.run('true'), { code: 'ERR_CONTAINERV_STATE' });
  });

  test('removed by who joined it while its maker lives, goes when that has ended, and not before', async () => {
    const id = idFor('discarded');
    const program = startProgram('hold', [JSON.stringify({ id, detached: true })], { env });
    await program.said('all');
    await (await joinContainer(id)).destroy();
    await eventually(async () => expect(await listContainers()).toMatchObject([{ id, state: 'stopped' }]));
    expect(await pruneContainers()).toEqual({ removed: [], failed: [] });
    program.child.kill('SIGKILL');
    await program.ended;
    expect((await pruneContainers()).removed).toMatchObject([{ id }]);
    expect(remainsOf(id)).toEqual([]);
  });

  test('survives its owner’s SIGKILL as well', async () => {
    const program = startProgram('hold', [JSON.stringify({ id: idFor('survivor'), detached: true })], {
      env,
    });
    await program.said('all');
    program.child.kill('SIGKILL');
    await program.ended;
    const container = await joinContainer(idFor('survivor'));
    expect((await container.run('echo', ['alive'])).stdout).toBe('alive\n');
  });

  test('stopped by who joined, it is kept, listed as stopped and not pruned', async () => {
    const { id } = await makeDetached();
    const container = await joinContainer(id);
    await container.stop({ timeout: 0 });
    expect(container.state).toBe('stopped');
    expect(await listContainers()).toMatchObject([{ id, state: 'stopped', initPid: null }]);
    expect(await pruneContainers()).toEqual({ removed: [], failed: [] });
    const again = await joinContainer(id);
    expect(again.state).toBe('stopped');
    await failure(again.run('true'), { code: 'ERR_CONTAINERV_STATE', message: /stopped/ });
  });

  test('processes of several programs at once, each with its own streams', async () => {
    const { id } = await makeDetached();
    const joined = await Promise.all(Array.from({ length: 5 }, async () => joinContainer(id)));
    const outputs = await Promise.all(
      joined.flatMap((container, index) =>
        Array.from(
          { length: 10 },
          async (_, turn) => (await container.run('echo', [`${index}-${turn}`])).stdout,
        ),
      ),
    );
    expect(outputs).toEqual(
      joined.flatMap((_, index) => Array.from({ length: 10 }, (__, turn) => `${index}-${turn}\n`)),
    );
  });
});

test('detached processes need a detached container', async () => {
  await using container = await small();
  await failure(container.spawn('true', [], { detached: true }), {
    code: 'ERR_CONTAINERV_INVALID_OPTION',
    hint: /detached: true/,
  });
});
