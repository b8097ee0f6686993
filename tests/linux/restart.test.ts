import { createContainer, pruneContainers } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { attempt, json, processes, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { remainsOf } from '../support/remains.js';
import { recordStates } from '../support/states.js';
import { isRoot } from '../support/suite.js';

describe('stop and start', () => {
  test('files stay, processes do not', async () => {
    await using container = await small();
    const states = recordStates(container);
    await container.run('attempt', ['write', '/srv/kept', 'text', 'write', '/tmp/in-memory', 'text']);
    const process = await container.spawn('sleep');
    await untilSaid(process, 'ready');
    await container.stop();
    expect(container.state).toBe('stopped');
    expect(await process.wait()).toMatchObject({ signal: 'SIGTERM', cause: 'signal' });
    await container.start();
    expect(container.state).toBe('running');
    expect(states).toEqual(['stopped', 'running']);
    expect(
      await attempt(container, [
        ['exists', '/srv/kept'],
        ['exists', '/tmp/in-memory'],
      ]),
    ).toEqual(['ok', 'ENOENT']);
    expect((await processes(container)).map(({ name }) => name).sort()).toEqual([
      'containerv-init',
      'processes',
    ]);
  });

  test('deletions stay deletions', async () => {
    await using container = await small();
    expect(
      await attempt(container, [
        ['unlink', '/bin/pour'],
        ['unlink', '/etc/group'],
      ]),
    ).toEqual(['ok', 'ok']);
    await container.stop();
    await container.start();
    expect(
      await attempt(container, [
        ['exists', '/bin/pour'],
        ['exists', '/etc/group'],
      ]),
    ).toEqual(['ENOENT', 'ENOENT']);
    await using other = await small();
    expect(
      await attempt(other, [
        ['exists', '/bin/pour'],
        ['exists', '/etc/group'],
      ]),
    ).toEqual(['ok', 'ok']);
  });

  test('SIGTERM first, SIGKILL when the time is up', async () => {
    await using container = await small();
    const stubborn = await container.spawn('stubborn');
    await untilSaid(stubborn, 'ready');
    const started = Date.now();
    await container.stop({ timeout: 300 });
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
    expect(Date.now() - started).toBeLessThan(3000);
    expect(await stubborn.wait()).toMatchObject({ signal: 'SIGKILL' });
  });

  test('a timeout of 0 does not ask', async () => {
    await using container = await small();
    const stubborn = await container.spawn('stubborn');
    await untilSaid(stubborn, 'ready');
    const started = Date.now();
    await container.stop({ timeout: 0 });
    expect(Date.now() - started).toBeLessThan(1000);
    expect(await stubborn.wait()).toMatchObject({ signal: 'SIGKILL' });
  });

  test('an idle container stops at once', async () => {
    await using container = await small();
    const started = Date.now();
    await container.stop();
    expect(Date.now() - started).toBeLessThan(1000);
  });

  test('calls on a stopped container say that it is stopped; stop() again is nothing', async () => {
    await using container = await small();
    await container.stop();
    await container.stop();
    const expected = { code: 'ERR_CONTAINERV_STATE', message: /stopped/, hint: /start\(\)/ };
    await failure(container.spawn('true'), expected);
    await failure(container.run('true'), expected);
    await failure(container.kill(2), expected);
  });

  test('many times over, with everything as it was', async () => {
    await using container = await small({ user: 0, env: { A: 'b' }, hostname: 'same-name', cwd: '/tmp' });
    const before = await json<Record<string, unknown>>(container, 'probe');
    for (let round = 0; round < 10; round++) {
      await container.stop({ timeout: 0 });
      await container.start();
    }
    const after = await json<Record<string, unknown>>(container, 'probe');
    for (const field of [
      'environment',
      'cwd',
      'hostname',
      'uids',
      'groups',
      'devices',
      'masked',
      'writable',
      'interfaces',
    ])
      expect(after[field], field).toEqual(before[field]);
    expect(container.enforced.namespaces.length).toBeGreaterThan(5);
  });

  test('start() of a running one is nothing', async () => {
    await using container = await small();
    await container.start();
    expect(container.state).toBe('running');
  });

  test('what a memory root holds is gone with the processes, and the container starts again', async () => {
    await using container = await small({ writable: 'tmpfs' });
    await container.run('attempt', ['write', '/srv/volatile', 'x']);
    await container.stop({ timeout: 0 });
    await container.start();
    expect(await attempt(container, [['exists', '/srv/volatile']])).toEqual(['ENOENT']);
  });

  test('a stopped container can be destroyed', async () => {
    const container = await small();
    await container.stop();
    await container.destroy();
    expect(remainsOf(container.id)).toEqual([]);
  });

  test('pruneContainers() leaves running and stopped ones alone', async () => {
    await using running = await small();
    await using stopped = await small();
    await stopped.stop();
    expect(await pruneContainers()).toEqual({ removed: [], failed: [] });
    await stopped.start();
    expect((await stopped.run('echo', ['back'])).stdout).toBe('back\n');
    expect((await running.run('echo', ['there'])).stdout).toBe('there\n');
  });
});

test('a root of the host’s directories keeps what was written in each of them', async () => {
  await using container = await createContainer();
  // Without root /usr belongs to somebody who has no id in here.
  const files = isRoot ? ['/kept', '/usr/local/kept'] : ['/kept'];
  await container.run('touch', files);
  await container.run('sync', files);
  for (let turn = 0; turn < 2; turn++) {
    await container.stop({ timeout: 0 });
    await container.start();
  }
  expect((await container.run('ls', files)).stdout).toBe(files.map((file) => `${file}\n`).join(''));
});
