import { readFileSync } from 'node:fs';
import { createPool, listContainers, pruneContainers } from 'containerv-linux';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { isGone } from '../support/host.js';
import { startProgram } from '../support/program.js';
import { sharedRoot } from '../support/root.js';

test('containers are ready, apart, and each for one', async () => {
  await using pool = await createPool({ rootfs: sharedRoot(), size: 3 });
  expect(await listContainers()).toHaveLength(3);
  const taken = await Promise.all([pool.take(), pool.take(), pool.take(), pool.take()]);
  try {
    expect(new Set(taken.map(({ id }) => id)).size).toBe(4);
    // The host name, by default the id, is each one's own too.
    for (const container of taken) {
      expect((await container.run('echo', [container.id])).stdout).toBe(`${container.id}\n`);
    }
    await eventually(() => expect(pool.ready).toBe(3));
  } finally {
    await Promise.all(taken.map(async (container) => container.destroy()));
  }
});

test('one that is killed while it waits is replaced', async () => {
  await using pool = await createPool({ rootfs: sharedRoot(), size: 2 });
  const [first] = await listContainers();
  expect(readFileSync(`/proc/${first?.initPid}/comm`, 'utf8')).toBe('containerv-init\n');
  process.kill(first?.initPid ?? 0, 'SIGKILL');
  await eventually(async () => {
    const ids = (await listContainers()).map(({ id }) => id);
    expect(pool.ready).toBe(2);
    expect(ids).toHaveLength(2);
    expect(ids).not.toContain(first?.id);
  });
  const container = await pool.take();
  expect((await container.run('true')).exitCode).toBe(0);
  await container.destroy();
});

test('the end of its program is the end of all of them', async () => {
  const program = startProgram('pool', [], { env: { ROOTFS: sharedRoot() } });
  await program.said('ready');
  const inits = await Promise.all((await listContainers()).map(async ({ initPid: pid }) => pid ?? 0));
  expect(inits).toHaveLength(3);
  program.child.kill('SIGKILL');
  await program.ended;
  await eventually(() => expect(inits.filter((pid) => !isGone(pid))).toEqual([]));
  await eventually(async () => {
    await pruneContainers();
    expect(await listContainers()).toEqual([]);
  });
});
