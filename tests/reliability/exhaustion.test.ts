import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pruneContainers } from 'containerv-linux';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { attempt, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { failure } from '../support/failure.js';
import { familyOf, isGone } from '../support/host.js';
import { describeAsRoot } from '../support/privilege.js';
import { limitsProcesses, ProcessLimit } from '../support/process-limit.js';
import { runProgram, startProgram } from '../support/program.js';
import { keptIds, pruneAll, remainsOf } from '../support/remains.js';
import { scratchPath } from '../support/scratch.js';
import { sharedRoot } from '../support/root.js';

const VARIABLES = ['CONTAINERV_STATE_DIR', 'CONTAINERV_DATA_DIR'] as const;
const kept = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));

/** Of Node.js: 24 MiB for what lives long. */
const smallHeap = { ROOTFS: sharedRoot(), NODE_OPTIONS: '--max-old-space-size=24' };

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

async function expectTold(under: readonly string[], error: RegExp): Promise<void> {
  const { code, stdout, stderr } = await runProgram('until-refused', [], {
    under,
    env: { ROOTFS: sharedRoot() },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const told = JSON.parse(stdout) as {
    made: number;
    errors: string[];
    after: string;
    failed: unknown[];
  };
  expect(told.made).toBeGreaterThan(0);
  expect(told.errors).toHaveLength(5);
  for (const text of told.errors) expect(text, told.errors.join('\n')).toMatch(error);
  expect({ after: told.after, failed: told.failed }).toEqual({ after: 'works\n', failed: [] });
  expect(keptIds()).toEqual([]);
}

describe('a program that has too little is told each time, loses nothing, and can go on', () => {
  test('of descriptors', async () => {
    await expectTold(
      ['sh', '-c', 'ulimit -n 70; exec "$@"', 'sh'],
      /^ERR_CONTAINERV_\w+ EMFILE: .*ulimit -n/,
    );
  });

  test.skipIf(!limitsProcesses)(
    `of processes${limitsProcesses ? '' : ' (skipped: needs root, and control groups that count processes)'}`,
    async () => {
      await using limit = new ProcessLimit(40);
      await expectTold(limit.under, /^ERR_CONTAINERV_\w+ EAGAIN: .*pids\.max/);
    },
  );

  test('of memory: what passes through is not kept, and what is collected is bounded', async () => {
    const place = scratchPath('place');
    mkdirSync(place);
    const { code, stdout, stderr } = await runProgram('small-heap', [], {
      env: { ...smallHeap, PLACE: place },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      up: 0,
      down: 0,
      refused: 'ERR_CONTAINERV_RUN',
      after: 'works\n',
    });
    expect(readdirSync(place).sort()).toEqual(['back', 'large']);
    expect(keptIds()).toEqual([]);
  });
});

test('a program that runs out of memory takes its containers with it, and a prune removes what they had', async () => {
  const program = startProgram('small-heap', ['fill'], { env: smallHeap });
  const { id } = JSON.parse(await program.said('made')) as { id: string };
  const family = familyOf(program.child.pid ?? 0);
  const { code, signal, stderr } = await program.ended;
  expect(code === 0 && signal === null).toBe(false);
  expect(stderr).toContain('heap out of memory');
  await eventually(() => expect(family.filter((pid) => !isGone(pid))).toEqual([]));
  await pruneAll();
  expect(remainsOf(id)).toEqual([]);
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
