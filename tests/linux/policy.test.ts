import { createPolicy } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { errorName, json, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { capabilities } from '../support/confinement.js';
import { probe } from '../support/probe.js';
import { isRoot } from '../support/suite.js';

const EPERM = 1;

/** Which of the calls that are forbidden worked, by name. */
async function allowedCalls(policy: 'build' | 'network', user: boolean): Promise<Record<string, string>> {
  await using container = await small({ policy, namespaces: { user } });
  const calls = await json<Record<string, number>>(container, 'calls');
  return Object.fromEntries(Object.entries(calls).map(([name, errno]) => [name, errorName(errno)]));
}

// What each base policy is for is tested with the policies; here, that they are loaded and hold.
describe.for([true, ...(isRoot ? [false] : [])])('with user namespace %s', (user) => {
  test('`build` refuses everything that reaches beyond the container', async () => {
    const { 'socket(unix)': unix, unknown, clone3, ...rest } = await allowedCalls('build', user);
    expect({ unix, unknown, clone3 }).toEqual({ unix: 'ok', unknown: 'ENOSYS', clone3: 'ENOSYS' });
    const permitted = Object.entries(rest).filter(([, error]) => error === 'ok');
    // Signals to process 1 from inside its namespace are lost, whatever kill(2) says (pid_namespaces(7)).
    expect(permitted.filter(([name]) => name !== 'kill(init)')).toEqual([]);
  });

  test('`network` gives sockets and nothing more', async () => {
    const calls = await allowedCalls('network', user);
    expect(calls['socket(inet)']).toBe('ok');
    const permitted = Object.entries(calls)
      .filter(([, error]) => error === 'ok')
      .map(([name]) => name);
    expect(
      permitted.filter(
        (name) => !['socket(inet)', 'socket(unix)', 'socket(netlink)', 'kill(init)'].includes(name),
      ),
    ).toEqual([]);
  });

  test('`minimal` starts no other process', async () => {
    await using container = await small({ policy: 'minimal', namespaces: { user } });
    expect(await json(container, 'fork-bomb')).toEqual({ made: 0, errno: EPERM });
  });

  test('`custom` allows a program to end, and only that', async () => {
    await using container = await small({ policy: 'custom', namespaces: { user } });
    const result = await container.run('bare', [], { reject: false });
    expect(result).toMatchObject({ exitCode: EPERM, signal: null, stdout: '' });
  });
});

describe('a policy of a process', () => {
  test('narrows that of its container, for that process alone', async () => {
    await using container = await small({ policy: 'build' });
    expect(await json(container, 'fork-bomb', ['3'])).toEqual({ made: 3, errno: 0 });
    expect(await json(container, 'fork-bomb', ['3'], { policy: 'minimal' })).toEqual({
      made: 0,
      errno: EPERM,
    });
    expect(await container.run('bare', [], { policy: 'custom', reject: false })).toMatchObject({
      exitCode: EPERM,
    });
    expect(await json(container, 'fork-bomb', ['3'])).toEqual({ made: 3, errno: 0 });
    const narrowed = await probe(container, { policy: 'minimal' });
    expect(capabilities(narrowed.statusField('CapBnd'))).toEqual([]);
    expect(narrowed.statusField('Seccomp')).toBe('2');
  });

  test('never widens it', async () => {
    await using container = await small({ policy: 'minimal' });
    expect(await json(container, 'fork-bomb', ['3'], { policy: 'build' })).toEqual({ made: 0, errno: EPERM });
    const widened = await probe(container, { policy: 'build' });
    expect(capabilities(widened.statusField('CapBnd'))).toEqual([]);
    expect((await container.run('bare')).stdout).toBe('bare\n');
  });

  test('of one’s own making holds as well', async () => {
    const withMore = createPolicy('custom').addSyscalls(['write']);
    await using container = await small({ policy: withMore });
    expect((await container.run('bare')).stdout).toBe('bare\n');
    await failure(container.run('bare', [], { policy: 'custom' }), {
      code: 'ERR_CONTAINERV_RUN',
      message: /exit code 1/,
    });
  });
});

test('an unknown policy is refused with the nearest known one, for containers and processes', async () => {
  const expected = { code: 'ERR_CONTAINERV_INVALID_OPTION', message: /policy/, hint: /build/ };
  await failure(small({ policy: 'biuld' as 'build' }), expected);
  await using container = await small();
  await failure(container.run('true', [], { policy: 'biuld' as 'build' }), expected);
});
