import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listContainers, pruneContainers } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { familyOf, isGone } from '../support/host.js';
import { type Program, startProgram } from '../support/program.js';
import { keptIds, pruneAll, remainsOf } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { full, idFor } from '../support/suite.js';

const env = { ROOTFS: sharedRoot() };

async function kill(program: Program, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  program.child.kill(signal);
  await program.ended;
}

describe('a program that is killed', () => {
  test.for<NodeJS.Signals>(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGSEGV'])(
    '%s takes every process of its containers with it, at once',
    async (signal) => {
      const program = startProgram('hold', [JSON.stringify({ command: 'stubborn' }), '{}'], { env });
      await program.said('all');
      const family = familyOf(program.child.pid ?? 0);
      // The program, two inits and a process; perhaps more that serve them.
      expect(family.length).toBeGreaterThanOrEqual(4);
      await kill(program, signal);
      await eventually(() => expect(family.filter((pid) => !isGone(pid))).toEqual([]));
      expect(keptIds().length).toBeGreaterThan(0);
      const report = await pruneContainers();
      expect(report.failed).toEqual([]);
      expect(report.removed).toHaveLength(2);
      expect(keptIds()).toEqual([]);
    },
  );

  const MOMENTS = full ? 1000 : 12;

  test(`at a random moment leaves nothing that a prune does not remove, ${MOMENTS} times`, {
    timeout: full ? 3_600_000 : 60_000,
  }, async () => {
    for (let round = 0; round < MOMENTS; round++) {
      const program = startProgram('churn', [], { env });
      await program.said('warm');
      await sleep(Math.random() * 40);
      const family = familyOf(program.child.pid ?? 0);
      await kill(program);
      await eventually(() => expect(family.filter((pid) => !isGone(pid))).toEqual([]));
      const ids = keptIds();
      await pruneAll();
      expect(ids.flatMap((id) => remainsOf(id))).toEqual([]);
    }
    expect(await listContainers()).toEqual([]);
  });

  test('leaves its overlay’s files to nobody: the next container of that id starts fresh', async () => {
    const program = startProgram('hold', [JSON.stringify({ id: idFor('same'), command: 'stubborn' })], {
      env,
    });
    await program.said('all');
    await kill(program);
    await eventually(async () => {
      await using container = await small({ id: idFor('same') });
      expect(await container.run('true')).toMatchObject({ exitCode: 0 });
    });
    expect(remainsOf(idFor('same'))).toEqual([]);
  });

  test('what it left is listed as stopped until then', async () => {
    const program = startProgram('hold', [JSON.stringify({ id: idFor('left') })], { env });
    await program.said('all');
    expect(await listContainers()).toMatchObject([
      { id: idFor('left'), state: 'running', ownerPid: program.child.pid },
    ]);
    const family = familyOf(program.child.pid ?? 0);
    await kill(program);
    await eventually(() => expect(family.filter((pid) => !isGone(pid))).toEqual([]));
    await eventually(async () =>
      expect(await listContainers()).toMatchObject([{ id: idFor('left'), state: 'stopped', initPid: null }]),
    );
    await pruneAll();
    expect(await listContainers()).toEqual([]);
  });

  test('is cleaned up after by the first container of the next program', async () => {
    const first = startProgram('hold', [JSON.stringify({ id: idFor('predecessor') })], { env });
    await first.said('all');
    await kill(first);
    const second = startProgram('hold', [JSON.stringify({ id: idFor('successor') })], { env });
    await second.said('all');
    expect(readdirSync(process.env['CONTAINERV_STATE_DIR'] ?? '')).toEqual([idFor('successor')]);
    expect(remainsOf(idFor('predecessor'))).toEqual([]);
    await kill(second);
    await pruneAll();
  });

  test('while others prune at the same time: each leftover is removed once, and nothing fails', async () => {
    const program = startProgram('hold', Array(6).fill('{}'), { env });
    await program.said('all');
    const family = familyOf(program.child.pid ?? 0);
    await kill(program);
    await eventually(() => expect(family.filter((pid) => !isGone(pid))).toEqual([]));
    const reports = await Promise.all(Array.from({ length: 4 }, async () => pruneContainers()));
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    expect(reports.flatMap(({ removed }) => removed)).toHaveLength(6);
    expect(keptIds()).toEqual([]);
  });
});
