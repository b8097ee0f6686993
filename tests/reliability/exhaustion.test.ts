import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pruneContainers } from 'containerv-linux';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attempt, small } from '../support/container.js';
import { failure } from '../support/failure.js';
import { describeAsRoot } from '../support/privilege.js';
import { runProgram } from '../support/program.js';
import { scratchPath } from '../support/scratch.js';
import { sharedRoot } from '../support/root.js';

const VARIABLES = ['CONTAINERV_STATE_DIR', 'CONTAINERV_DATA_DIR'] as const;
const kept = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));

afterEach(() => {
  Object.assign(process.env, kept);
  vi.useRealTimers();
});

/** A small file system of its own; `take` leaves no byte of it. */
function mountSmall(options: string): {
  readonly at: string;
  take(): void;
  give(): void;
  [Symbol.dispose](): void;
} {
  const at = scratchPath('small');
  mkdirSync(at);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'containerv-test', at]);
  const filler = path.join(at, 'filler');
  return {
    at,
    take() {
      for (let size = 64 * 1024; size >= 1; size >>= 1) {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
    },
    give: () => unlinkSync(filler),
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', at]),
  };
}

describeAsRoot('a file system that is full', () => {
  test('of states: creating says so, leaves nothing, and works when there is room', async () => {
    using disk = mountSmall('size=512k');
    process.env['CONTAINERV_STATE_DIR'] = path.join(disk.at, 'state');
    mkdirSync(path.join(disk.at, 'state'), { mode: 0o700 });
    disk.take();
    await failure(small(), { code: 'ERR_CONTAINERV_SYSTEM', errno: 'ENOSPC', path: new RegExp(disk.at) });
    expect(readdirSync(path.join(disk.at, 'state'))).toEqual([]);
    disk.give();
    await using container = await small();
    expect((await container.run('echo', ['room'])).stdout).toBe('room\n');
  });

  test('of inodes: creating says so and leaves nothing', async () => {
    using disk = mountSmall('size=4m,nr_inodes=4');
    process.env['CONTAINERV_DATA_DIR'] = path.join(disk.at, 'data');
    await failure(small(), { code: 'ERR_CONTAINERV_SYSTEM', errno: 'ENOSPC', path: new RegExp(disk.at) });
    expect(readdirSync(path.join(disk.at, 'data'))).toEqual([]);
  });

  test('of what a container writes: it is told, goes on, and a snapshot beside it leaves nothing', async () => {
    using disk = mountSmall('size=512k');
    process.env['CONTAINERV_DATA_DIR'] = path.join(disk.at, 'data');
    await using container = await small();
    await attempt(container, [['write', '/srv/mark', 'x'.repeat(50_000)]]);
    disk.take();
    expect(await attempt(container, [['write', '/srv/more', 'x'.repeat(50_000)]])).toEqual(['ENOSPC']);
    await failure(container.snapshot(path.join(disk.at, 'snapshot')), {
      code: 'ERR_CONTAINERV_SYSTEM',
      errno: 'ENOSPC',
    });
    expect(readdirSync(disk.at).sort()).toEqual(['data', 'filler']);
    disk.give();
    expect((await container.run('show', ['/srv/mark'])).stdout).toHaveLength(50_000);
  });
});

describeAsRoot('a limit of processes', () => {
  test('a container out of processes says so for a command, and works when there is one less', async () => {
    await using container = await small({ limits: { pids: 3 } });
    const children = [];
    let refusal: unknown;
    for (let made = 0; made < 4 && refusal === undefined; made++) {
      try {
        children.push(await container.spawn('sleep'));
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ code: expect.stringMatching(/^ERR_CONTAINERV_/), errno: 'EAGAIN' });
    const [first] = children;
    await first?.kill('SIGKILL');
    await first?.wait();
    expect((await container.run('echo', ['again'])).stdout).toBe('again\n');
  });
});

test('a program out of descriptors is told each time, loses none, and can go on', async () => {
  const { code, stdout, stderr } = await runProgram('few-descriptors', [], {
    under: ['sh', '-c', 'ulimit -n 70; exec "$@"', 'sh'],
    env: { ROOTFS: sharedRoot() },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const told = JSON.parse(stdout) as { made: number; errors: string[]; after: string };
  expect(told.made).toBeGreaterThan(0);
  expect(told.errors).toHaveLength(5);
  for (const error of told.errors) expect(error).toMatch(/^ERR_CONTAINERV_\w+ EMFILE$/);
  expect(told.after).toBe('works\n');
});

test('a container whose state directory was removed under it runs on and is destroyed', async () => {
  const state = scratchPath('state');
  process.env['CONTAINERV_STATE_DIR'] = state;
  await using container = await small();
  rmSync(state, { recursive: true });
  expect((await container.run('echo', ['still'])).stdout).toBe('still\n');
  await container.destroy();
  // One is told that the place has gone; it is made again for those that follow.
  await failure(small(), { code: /^ERR_CONTAINERV_/, errno: 'ENOENT', path: new RegExp(state) });
  await using next = await small();
  expect((await next.run('echo', ['next'])).stdout).toBe('next\n');
});

describe('a clock that jumps', () => {
  test.each([-3_600_000, 365 * 86_400_000])(
    'by %d ms changes neither durations nor deadlines',
    async (jump) => {
      await using container = await small();
      vi.useFakeTimers({ toFake: ['Date'] });
      const run = container.run('echo', ['x']);
      vi.setSystemTime(Date.now() + jump);
      const { durationMs } = await run;
      expect(durationMs).toBeGreaterThanOrEqual(0);
      expect(durationMs).toBeLessThan(3_000_000);
      const late = container.run('sleep', [], { timeout: 50, reject: false });
      vi.setSystemTime(Date.now() + jump);
      expect(await late).toMatchObject({ timedOut: true });
      expect((await pruneContainers()).failed).toEqual([]);
      expect(container.state).toBe('running');
    },
  );
});
