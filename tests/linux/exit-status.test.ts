import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { untilSaid } from '../support/collect.js';
import { processes, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { describeWithGroups } from '../support/privilege.js';
import { eventually } from '../support/eventually.js';

// Those whose default is to do nothing or to stop (signal(7)).
const HARMLESS = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGWINCH',
]);
const ALIASES = new Set(['SIGIOT', 'SIGPOLL', 'SIGUNUSED']);
const ENDING = Object.entries(constants.signals).filter(
  ([name]) => !HARMLESS.has(name) && !ALIASES.has(name),
);

describe('how a process ended', () => {
  test('every exit code is told as it was', async () => {
    await using container = await small();
    for (let code = 0; code < 256; code++) {
      const result = await container.run('exit', [`${code}`], { reject: false });
      expect(result).toMatchObject({ exitCode: code, signal: null, timedOut: false });
    }
  });

  test.for(ENDING)('signal %s is told as it was', async ([name, number]) => {
    await using container = await small();
    const process = await container.spawn('raise', [`${number}`]);
    const cause = name === 'SIGSYS' ? 'seccomp' : 'signal';
    expect(await process.wait()).toMatchObject({ exitCode: null, signal: name, cause });
  });

  test('a signal sent by kill(), by name, by number, by the process or its id', async () => {
    await using container = await small();
    for (const [signal, name] of [
      ['SIGTERM', 'SIGTERM'],
      ['SIGUSR1', 'SIGUSR1'],
      [9, 'SIGKILL'],
      ['SIGRTMIN', 'SIGRTMIN'],
      [undefined, 'SIGTERM'],
    ] as const) {
      const process = await container.spawn('sleep');
      await untilSaid(process, 'ready');
      await (signal === 'SIGUSR1' ? container.kill(process.pid, signal) : process.kill(signal));
      expect(await process.wait()).toMatchObject({ exitCode: null, signal: name, cause: 'signal' });
    }
  });

  test('signal 0 only asks; a process that has ended takes no signal and makes no fuss', async () => {
    await using container = await small();
    const process = await container.spawn('sleep');
    await untilSaid(process, 'ready');
    await container.kill(process.pid, 0);
    await process.kill('SIGKILL');
    await process.wait();
    await process.kill();
    await failure(container.kill(process.pid), {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      syscall: 'kill',
      errno: 'ESRCH',
    });
  });

  test.for([1, 0, -1, 1.5, NaN, 2 ** 31])(
    'kill(%d) is refused: that is no process of the container',
    async (pid) => {
      await using container = await small();
      await failure(container.kill(pid, 'SIGKILL'), { code: 'ERR_CONTAINERV_INVALID_OPTION' });
      expect(container.state).toBe('running');
    },
  );

  test('wait() again, and later, gives the same', async () => {
    await using container = await small();
    const process = await container.spawn('exit', ['3']);
    const first = await process.wait();
    expect(first).toMatchObject({ exitCode: 3 });
    expect(await process.wait()).toEqual(first);
  });

  test('run() rejects with the result unless told not to', async () => {
    await using container = await small();
    const error = await failure(container.run('say', ['out', '1', 'last words', '2', 'x', '99']), {
      code: 'ERR_CONTAINERV_RUN',
      message: /exit code 1.*say out 1 'last words' 2 x 99\nlast words/s,
    });
    expect(error).toMatchObject({ result: { exitCode: 1, stdout: 'out', stderr: 'last words' } });
    await failure(container.run('raise', ['9']), { code: 'ERR_CONTAINERV_RUN', message: /signal SIGKILL/ });
  });

  test('a foreign system call ABI is death by seccomp', async (context) => {
    if (process.arch !== 'x64') context.skip('only x64 has another one');
    await using container = await small();
    const child = await container.spawn('foreign-abi');
    expect(await child.wait()).toMatchObject({ exitCode: null, signal: 'SIGSYS', cause: 'seccomp' });
    await failure(container.run('foreign-abi'), {
      code: 'ERR_CONTAINERV_RUN',
      message: /forbidden system call/,
    });
  });

  test('destroyed with its container', async () => {
    const container = await small();
    const child = await container.spawn('sleep');
    await untilSaid(child, 'ready');
    const running = failure(container.run('sleep'), {
      code: 'ERR_CONTAINERV_RUN',
      message: /ended with its container/,
    });
    await eventually(async () => expect(await processes(container)).toHaveLength(4));
    // Forked is not yet started: what is asked for later is done later.
    await container.run('true');
    await container.destroy();
    expect(await child.wait()).toMatchObject({ cause: 'destroyed' });
    await running;
  });
});

describe('what a process used', () => {
  test('is plausible', async () => {
    await using container = await small();
    const { resourceUsage } = await container.run('burn', ['300']);
    const cpuMs = (resourceUsage.userCpuMs ?? 0) + (resourceUsage.systemCpuMs ?? 0);
    expect(cpuMs).toBeGreaterThan(250);
    expect(cpuMs).toBeLessThan(1000);
    const memory = await container.run('allocate', [`${50 * 1024 ** 2}`]);
    expect(memory.resourceUsage.maxRssBytes).toBeGreaterThan(50 * 1024 ** 2);
    expect(memory.resourceUsage.maxRssBytes).toBeLessThan(60 * 1024 ** 2);
    expect(memory.resourceUsage.minorPageFaults).toBeGreaterThan(10_000);
    const slept = await container.run('sleep', ['200']);
    expect(slept.durationMs).toBeGreaterThanOrEqual(195);
    expect(slept.resourceUsage.userCpuMs).toBeLessThan(50);
    expect(slept.resourceUsage.voluntaryContextSwitches).toBeGreaterThan(0);
  });

  test('is that process’s own, not of those before it', async () => {
    await using container = await small();
    await container.run('allocate', [`${100 * 1024 ** 2}`]);
    const { resourceUsage } = await container.run('true');
    expect(resourceUsage.maxRssBytes).toBeLessThan(8 * 1024 ** 2);
    expect(resourceUsage.userCpuMs).toBeLessThan(50);
  });
});

describeWithGroups('memory', () => {
  test('a process that takes more than the limit is killed for it, and told so', async () => {
    await using container = await small({ limits: { memory: '32M', swap: 0 } });
    expect(container.enforced.limits.memory).toBe(true);
    let events = 0;
    container.on('oom', () => events++);
    const process = await container.spawn('allocate', [`${256 * 1024 ** 2}`]);
    expect(await process.wait()).toMatchObject({ exitCode: null, signal: 'SIGKILL', cause: 'oom' });
    expect(events).toBe(1);
    await failure(container.run('allocate', [`${256 * 1024 ** 2}`]), {
      code: 'ERR_CONTAINERV_RUN',
      message: /ran out of memory/,
    });
    // The container and what fits into it live on, and a SIGKILL of ours is not taken for one of the kernel's.
    expect((await container.run('echo', ['alive'])).stdout).toBe('alive\n');
    const killed = await container.spawn('sleep');
    await killed.kill('SIGKILL');
    expect(await killed.wait()).toMatchObject({ signal: 'SIGKILL', cause: 'signal' });
  });
});
