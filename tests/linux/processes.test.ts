import { readFileSync } from 'node:fs';
import { joinContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';

describe('processes()', () => {
  test('tells of each what the contract says', async () => {
    await using container = await small();
    const before = Date.now();
    const child = await container.spawn('stubborn', ['60000', 'two  words', '']);
    await untilSaid(child, 'ready');
    const [init, listed, ...others] = await container.processes();
    expect(others).toEqual([]);
    expect(init).toMatchObject({ pid: 1, ppid: 0, name: 'containerv-init', user: 'root' });
    expect(listed).toMatchObject({
      pid: child.pid,
      ppid: 1,
      name: 'stubborn',
      command: 'stubborn 60000 two  words ',
      user: 'root',
    });
    expect(listed?.memoryBytes).toBeGreaterThan(0);
    expect(listed?.cpuPercent ?? 0).toBeGreaterThanOrEqual(0);
    // The kernel counts hundredths of seconds.
    const started = listed?.startedAt?.getTime() ?? 0;
    expect(started).toBeGreaterThan(before - 1000);
    expect(started).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test('is about this container alone', async () => {
    await using one = await small();
    await using other = await small();
    await other.spawn('sleep', [], { stdio: 'ignore' });
    expect((await one.processes()).map(({ pid }) => pid)).toEqual([1]);
    expect(await other.processes()).toHaveLength(2);
  });

  test('families, orphans and the dead', async () => {
    await using container = await small();
    const parent = await container.spawn('parent', ['sleep']);
    await untilSaid(parent, 'ready');
    await eventually(async () => {
      const list = await container.processes();
      expect(list.find(({ ppid }) => ppid === parent.pid)).toMatchObject({ name: 'sleep', command: 'sleep' });
    });
    await parent.kill('SIGKILL');
    await parent.wait();
    await eventually(async () => {
      const list = await container.processes();
      expect(list.map(({ name, ppid }) => [name, ppid])).toEqual([
        ['containerv-init', 0],
        ['sleep', 1],
      ]);
    });
  });

  test('a process in no pid namespace of its own is listed by its number on the host', async () => {
    await using container = await small({ namespaces: { pid: false } });
    const child = await container.spawn('sleep');
    await untilSaid(child, 'ready');
    const list = await container.processes();
    expect(list.map(({ name }) => name).sort()).toEqual(['containerv-init', 'sleep']);
    expect(list.map(({ pid }) => pid)).toContain(child.pid);
    expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain('(sleep)');
  });

  test('names are given as they are, whatever they hold', async () => {
    await using container = await small();
    const name = ') R 1 1 (\u001B[2J';
    const child = await container.spawn('named', [name, '\u001B]0;title\u0007', 'NSpid:\t1']);
    await untilSaid(child, 'ready');
    const listed = (await container.processes()).find(({ pid }) => pid === child.pid);
    expect(listed).toMatchObject({
      name: name.slice(0, 15),
      ppid: 1,
      command: `named ${name} \u001B]0;title\u0007 NSpid:\t1`,
    });
  });

  test('the longest arguments are cut', async () => {
    await using container = await small();
    const child = await container.spawn('named', ['x', 'a'.repeat(100_000)]);
    await untilSaid(child, 'ready');
    const listed = (await container.processes()).find(({ pid }) => pid === child.pid);
    expect(listed?.command).toHaveLength(4096);
  });

  test('the use of processors is since the last time', async () => {
    await using container = await small();
    const child = await container.spawn('burn', ['60000'], { stdio: 'ignore' });
    const share = async (): Promise<number> =>
      (await container.processes()).find(({ pid }) => pid === child.pid)?.cpuPercent ?? -1;
    await eventually(async () => expect(await share()).toBeGreaterThan(0));
    await child.kill('SIGSTOP');
    await share();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await share()).toBe(0);
  });

  test('who joined sees the same', async () => {
    await using container = await small();
    const child = await container.spawn('sleep', [], { stdio: 'ignore' });
    const joined = await joinContainer(container.id);
    expect((await joined.processes()).map(({ pid }) => pid)).toEqual([1, child.pid]);
  });

  test('a stopped container has none', async () => {
    await using container = await small();
    await container.stop({ timeout: 0 });
    await failure(container.processes(), { code: 'ERR_CONTAINERV_STATE', message: /stopped/ });
  });
});

describeAsRoot('users', () => {
  test('by the container’s own names, or as numbers', async () => {
    await using container = await small();
    const users: [string, number][] = [
      ['builder', 1000],
      ['4711', 4711],
    ];
    for (const [name, uid] of users) {
      const child = await container.spawn('sleep', [], { user: uid, stdio: 'ignore' });
      const listed = (await container.processes()).find(({ pid }) => pid === child.pid);
      expect(listed?.user).toBe(name);
    }
  });

  test('a user database that leads elsewhere is looked for inside', async () => {
    await using container = await small();
    // The host has a user and a group of this number, the container has neither.
    const child = await container.spawn('sleep', [], { user: 1, stdio: 'ignore' });
    const { stdout } = await container.run('attempt', [
      'unlink',
      '/etc/passwd',
      '',
      'symlink',
      '/etc/passwd',
      '/etc/group',
    ]);
    expect(JSON.parse(stdout)).toEqual([0, 0]);
    const listed = (await container.processes()).find(({ pid }) => pid === child.pid);
    expect(listed?.user).toBe('1');
  });
});
