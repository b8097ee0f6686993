import { buffer } from 'node:stream/consumers';
import { createContainer, joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';

const shell = async (
  container: Awaited<ReturnType<typeof createContainer>>,
  script: string,
  log: boolean | string = true,
) => container.spawn('sh', ['-c', script], { log });

describe('a log', () => {
  test('has what was written to stdout and stderr, in order, also for who joins and after the end', async () => {
    await using container = await createContainer();
    const child = await shell(container, 'for i in 1 2 3; do echo out $i; echo err $i >&2; done');
    expect([child.stdin, child.stdout, child.stderr]).toEqual([null, null, null]);
    await child.wait();
    const text = 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n';
    const joined = await joinContainer(container.id);
    for (const reader of [container, joined]) {
      await eventually(async () => expect((await buffer(reader.logs())).toString()).toBe(text));
      expect((await buffer(reader.logs({ pid: child.pid, follow: true }))).toString()).toBe(text);
    }
  });

  test('is followed to the end of all who write, by any number', async () => {
    await using container = await createContainer();
    const child = await shell(container, 'echo first; (sleep 0.3; echo last) & echo middle');
    const joined = await joinContainer(container.id);
    const followers = [container, joined, container].map(async (reader) =>
      buffer(reader.logs({ follow: true })),
    );
    await child.wait();
    const texts = await Promise.all(followers);
    expect(texts.map(String)).toEqual(Array(3).fill('first\nmiddle\nlast\n'));
  });

  test('keeps the newest, and holds nobody up who writes without a reader', async () => {
    await using container = await createContainer();
    const child = await shell(container, 'seq 100000', '8K');
    expect(await child.wait()).toMatchObject({ exitCode: 0 });
    const kept = await eventually(async () => {
      const found = (await buffer(container.logs())).toString();
      expect(found.endsWith('\n99999\n100000\n')).toBe(true);
      return found;
    });
    expect(kept).toHaveLength(8192);
    expect((await container.run('true')).exitCode).toBe(0);
  });

  test('that floods keeps nobody from being served, nor does who never reads', async () => {
    await using container = await createContainer();
    const flood = await shell(container, 'exec yes', '64K');
    const lazy = container.logs({ follow: true });
    for (let round = 0; round < 5; round++)
      expect((await container.run('echo', ['here'])).stdout).toBe('here\n');
    lazy.destroy();
    await flood.kill('SIGKILL');
    await flood.wait();
  });
});

test('a follower that gives up is forgotten', async () => {
  await using container = await createContainer();
  const child = await shell(container, 'read line');
  const quiet = await shell(container, 'exec sleep 60');
  await child.wait();
  // More than may wait at once.
  for (let round = 0; round < 100; round++) {
    const abort = new AbortController();
    const stream = container.logs({ pid: quiet.pid, follow: true, signal: abort.signal });
    stream.resume();
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    await new Promise((resolve) => stream.once('close', resolve));
  }
  await quiet.kill('SIGKILL');
  expect(await buffer(container.logs({ pid: quiet.pid, follow: true }))).toHaveLength(0);
});

test('what does not exist, or is not clear, is an error', async () => {
  await using container = await createContainer();
  await failure(buffer(container.logs()), { code: 'ERR_CONTAINERV_NOT_FOUND', hint: /log: true/ });
  const children = [await shell(container, 'echo one'), await shell(container, 'echo two')];
  await Promise.all(children.map(async (child) => child.wait()));
  const pids = children.map(({ pid }) => pid);
  await failure(buffer(container.logs()), {
    code: 'ERR_CONTAINERV_INVALID_OPTION',
    hint: new RegExp(`${pids[1]} ${pids[0]}`),
  });
  expect((await buffer(container.logs({ pid: pids[0], follow: true }))).toString()).toBe('one\n');
  await failure(buffer(container.logs({ pid: 4000 })), { code: 'ERR_CONTAINERV_NOT_FOUND' });
  const invalid = { code: 'ERR_CONTAINERV_INVALID_OPTION' };
  await failure(container.spawn('true', [], { log: true, tty: true }), invalid);
  await failure(container.spawn('true', [], { log: true, stdio: 'pipe' }), invalid);
  await failure(container.spawn('true', [], { log: '1K' }), invalid);
  await failure(container.run('true', [], { log: true }), invalid);
});

test('the oldest of those that have ended makes room for more', async () => {
  await using container = await createContainer();
  for (let round = 0; round < 70; round++) {
    const child = await shell(container, `echo ${round}`, '4K');
    await child.wait();
    const text = await buffer(container.logs({ pid: child.pid, follow: true }));
    expect(text.toString()).toBe(`${round}\n`);
  }
});
