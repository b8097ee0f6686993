import { listContainers } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { attempt, json, processes, small } from '../support/container.js';
import { remainsOf } from '../support/remains.js';
import { idFor } from '../support/suite.js';

describe('two containers at once', () => {
  test('see nothing of each other', async () => {
    await using one = await small({ id: idFor('one') });
    await using two = await small({ id: idFor('two') });
    const process = await one.spawn('sleep');
    await untilSaid(process, 'ready');
    await one.run('attempt', [
      'write',
      '/srv/mine',
      'x',
      'write',
      '/tmp/mine',
      'x',
      'write',
      '/dev/shm/mine',
      'x',
    ]);
    expect(
      await attempt(two, [
        ['exists', '/srv/mine'],
        ['exists', '/tmp/mine'],
        ['exists', '/dev/shm/mine'],
      ]),
    ).toEqual(['ENOENT', 'ENOENT', 'ENOENT']);
    expect((await processes(two)).map(({ name }) => name)).not.toContain('sleep');
    const names = await Promise.all(
      [one, two].map(async (container) => (await json<{ hostname: string }>(container, 'probe')).hostname),
    );
    expect(names).toEqual([idFor('one'), idFor('two')]);
    const [first, second] = await Promise.all(
      [one, two].map(
        async (container) =>
          (await json<{ namespaces: Record<string, string> }>(container, 'probe')).namespaces,
      ),
    );
    const shared = Object.keys(first ?? {}).filter((name) => first?.[name] === second?.[name]);
    expect(shared.sort()).toEqual(['time', 'time_for_children']);
  });

  test('the end of one is nothing to the other', async () => {
    const one = await small();
    await using two = await small();
    const process = await two.spawn('sleep');
    await untilSaid(process, 'ready');
    await one.destroy();
    expect((await processes(two)).map(({ name }) => name)).toContain('sleep');
  });

  test('thirty made and destroyed at once', async () => {
    const containers = await Promise.all(Array.from({ length: 30 }, async () => small()));
    const outputs = await Promise.all(
      containers.map(async (container) => (await container.run('echo', [container.id])).stdout),
    );
    expect(outputs).toEqual(containers.map(({ id }) => `${id}\n`));
    expect((await listContainers()).map(({ id }) => id).sort()).toEqual(
      containers.map(({ id }) => id).sort(),
    );
    await Promise.all(containers.map(async (container) => container.destroy()));
    expect(containers.flatMap(({ id }) => remainsOf(id))).toEqual([]);
  });
});
