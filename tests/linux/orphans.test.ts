import { describe, expect, test } from 'vitest';
import { textOf, untilSaid } from '../support/collect.js';
import { processes, small } from '../support/container.js';
import { openDescriptors, settledDescriptors } from '../support/descriptors.js';
import { eventually } from '../support/eventually.js';
import { familyOf, initPid, isGone } from '../support/host.js';

describe('process 1', () => {
  test('reaps orphans: no zombie is left, whatever order they end in', async () => {
    await using container = await small();
    await container.run('orphans', ['100', '100']);
    await eventually(async () =>
      expect((await processes(container)).map(({ name }) => name).sort()).toEqual([
        'containerv-init',
        'processes',
      ]),
    );
    const init = await initPid(container);
    await eventually(() => expect(familyOf(init)).toEqual([init]));
  });

  test('a process of the same number as an ended one is not taken for it', async () => {
    await using container = await small();
    const first = await container.spawn('sleep', ['50']);
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => (await container.spawn('exit', [`${index}`])).wait()),
    );
    expect(statuses.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    expect(await first.wait()).toMatchObject({ exitCode: 0 });
  });
});

describe('a background process that keeps stdout open', () => {
  test('does not hold up run(), and its parent’s output is whole', async () => {
    await using container = await small();
    const started = Date.now();
    const { stdout } = await container.run('holder');
    expect(stdout).toBe('parent\n');
    expect(Date.now() - started).toBeLessThan(5000);
    expect((await processes(container)).some(({ name }) => name === 'holder')).toBe(true);
  });

  test('does not hold up wait() either; its stream ends when it does', async () => {
    await using container = await small();
    const process = await container.spawn('holder', ['300']);
    const output = textOf(process.stdout);
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
    expect(await output).toBe('parent\nlate\n');
  });

  test('costs nothing in the long run', async () => {
    await using container = await small({ limits: { pids: 'max' } });
    const before = await settledDescriptors();
    for (let round = 0; round < 100; round++)
      expect((await container.run('holder', ['50'])).stdout).toBe('parent\n');
    expect(openDescriptors()).toEqual(before);
    await eventually(async () =>
      expect((await processes(container)).filter(({ name }) => name === 'holder')).toEqual([]),
    );
  });
});

test('everything ends with the container, sessions of their own included', async () => {
  const container = await small();
  await container.run('holder', ['100000', 'own-session']);
  const stubborn = await container.spawn('stubborn');
  await untilSaid(stubborn, 'ready');
  const family = familyOf(await initPid(container));
  expect(family.length).toBeGreaterThanOrEqual(3);
  await container.destroy();
  await eventually(() => expect(family.filter((pid) => !isGone(pid))).toEqual([]));
});
