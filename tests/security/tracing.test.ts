import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tracer, underAttack } from '../support/attack.js';
import { untilSaid } from '../support/collect.js';
import { small } from '../support/container.js';
import { scratchPath } from '../support/scratch.js';
import { full, isRoot } from '../support/suite.js';

const STARTS = full ? 2000 : 60;

describe('CVE-2016-9962: a tracer inside that reaches for every process as it comes', () => {
  test('gets nothing of those that are not its container’s programs yet', async () => {
    await using container = await small({ policy: tracer });
    const { rounds, loot } = await underAttack(container, 'trace', async () => {
      for (let round = 0; round < STARTS; round++) await container.run('true', [], { reject: false });
      await Promise.all(Array.from({ length: 20 }, async () => container.run('true', [], { reject: false })));
    });
    expect(rounds).toBeGreaterThan(0);
    expect(loot).toEqual([]);
    // Process 1 neither ended nor is it being held.
    expect((await container.run('echo', ['well'])).stdout).toBe('well\n');
  });

  test('nor of those that copy files and lead sessions', async () => {
    await using container = await small({ policy: tracer });
    const file = scratchPath('file');
    writeFileSync(file, Buffer.alloc(100_000, 'x'));
    const { loot } = await underAttack(container, 'trace', async () => {
      for (let round = 0; round < STARTS / 4; round++) {
        await container.upload([{ from: file, to: '/tmp/file' }]);
        const job = await container.spawn('sleep', [], { tty: true, jobControl: true });
        await job.kill('SIGKILL');
        await job.wait();
      }
    });
    expect(loot).toEqual([]);
  });
});

test.skipIf(!isRoot)(
  'CVE-2016-9962: the same without a user namespace, where ids are the host’s',
  async () => {
    await using container = await small({ policy: 'build', namespaces: { user: false } });
    const { loot } = await underAttack(container, 'trace', async () => {
      for (let round = 0; round < STARTS; round++) await container.run('true');
    });
    expect(loot).toEqual([]);
  },
);

test('a process that is traced by another does not hold the container up', async () => {
  await using container = await small({ policy: tracer });
  const sleeper = await container.spawn('sleep', [], { stdio: ['ignore', 'pipe', 'inherit'] });
  await untilSaid(sleeper, '\n');
  await underAttack(container, 'trace', async () => {
    await sleeper.kill('SIGKILL');
    expect(await sleeper.wait()).toMatchObject({ signal: 'SIGKILL' });
  });
});
