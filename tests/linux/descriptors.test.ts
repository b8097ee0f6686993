import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { textOf } from '../support/collect.js';
import { json, small } from '../support/container.js';
import { eventually } from '../support/eventually.js';
import { familyOf, initPid, isGone } from '../support/host.js';
import { describeAsRoot } from '../support/privilege.js';
import { startProgram } from '../support/program.js';
import { pruneAll } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';
import { isRoot, program } from '../support/suite.js';

const NULL_DEVICE = (1 << 8) | 3;
const STANDARD = {
  0: '/dev/null',
  1: expect.stringMatching(/^pipe:/) as string,
  2: expect.stringMatching(/^pipe:/) as string,
};

describe('a process has the descriptors it was given and no others', () => {
  test('0, 1 and 2', async () => {
    await using container = await small();
    expect(await json(container, 'descriptors')).toEqual(STANDARD);
  });

  test('and those declared above', async () => {
    const file = scratchPath('passed');
    const fd = openSync(file, 'w');
    await using container = await small();
    const process = await container.spawn('descriptors', [], {
      stdio: ['ignore', 'pipe', 'ignore', fd, 'ignore', 'pipe', fd],
    });
    const text = await textOf(process.stdout);
    closeSync(fd);
    const pipe = expect.stringMatching(/^pipe:/) as string;
    expect(JSON.parse(text)).toEqual({
      0: '/dev/null',
      1: pipe,
      2: '/dev/null',
      // A file outside of the root has a path that is no path in here.
      3: expect.stringContaining('passed') as string,
      4: '/dev/null',
      5: pipe,
      6: expect.stringContaining('passed') as string,
    });
  });

  test('sixty-four of them, each where it belongs', async () => {
    await using container = await small();
    const stdio = ['ignore', 'pipe', 'ignore', ...Array.from({ length: 61 }, () => 'pipe' as const)] as const;
    const args = Array.from({ length: 61 }, (_, index) => [`to ${index + 3}`, `${index + 3}`]).flat();
    const process = await container.spawn('say', args, { stdio });
    const texts = process.stdio.slice(3).map(async (stream) => textOf(stream));
    expect(await process.wait()).toMatchObject({ exitCode: 0 });
    expect(await Promise.all(texts)).toEqual(Array.from({ length: 61 }, (_, index) => `to ${index + 3}`));
  });

  test('a terminal is all three, and nothing else', async () => {
    await using container = await small();
    const { stdout } = await container.run('descriptors', [], { tty: true });
    expect(JSON.parse(stdout)).toEqual({ 0: '/dev/pts/0', 1: '/dev/pts/0', 2: '/dev/pts/0' });
  });
});

describe('a program with open descriptors, ignored signals and umask 0', () => {
  // As a program that was started by a careless one: none of its descriptors is closed on exec.
  const owner = fileURLToPath(new URL('../fixtures/owners/probe-everything.mjs', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    program('signal-state'),
    [globalThis.process.execPath, owner],
    {
      encoding: 'utf8',
      env: { ...process.env, ROOTFS: sharedRoot() },
    },
  );
  interface Seen {
    readonly started: Readonly<Record<string, string>>;
    readonly joined: Readonly<Record<string, string>>;
    readonly owner: readonly string[];
    readonly signals: Readonly<Record<string, string>>;
  }
  const seen = (): Seen => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return JSON.parse(stdout) as Seen;
  };

  test('really has them', () => {
    expect(seen().owner.filter((target) => target === '/').length).toBeGreaterThanOrEqual(4);
  });

  test('passes none on to processes', () => {
    expect(seen().started).toEqual(STANDARD);
    expect(seen().joined).toEqual(STANDARD);
  });

  test('passes neither signals nor the umask on', () => {
    expect(seen().signals).toEqual({
      SigBlk: '0'.repeat(16),
      SigIgn: '0'.repeat(16),
      Umask: '0022',
    });
  });
});

describeAsRoot('what serves a program with such descriptors', () => {
  test('holds none of them: they are the program’s to close', async () => {
    const owner = startProgram('hold', ['{}'], {
      env: { ROOTFS: sharedRoot() },
      under: [program('signal-state')],
    });
    await owner.said('all');
    const [pid = 0, ...others] = familyOf(owner.child.pid ?? 0);
    const root = statSync('/');
    const toHostRoot = (of: number): number =>
      readdirSync(`/proc/${of}/fd`)
        .map((fd) => statSync(`/proc/${of}/fd/${fd}`))
        .filter(({ dev, ino }) => dev === root.dev && ino === root.ino).length;
    expect(toHostRoot(pid)).toBeGreaterThanOrEqual(4);
    expect(others.length).toBeGreaterThan(0);
    expect(others.map((other) => toHostRoot(other))).toEqual(others.map(() => 0));
    owner.child.kill('SIGKILL');
    await owner.ended;
    await eventually(() => expect(others.filter((other) => !isGone(other))).toEqual([]));
    await pruneAll();
  });
});

describeAsRoot('init', () => {
  test('has nothing of the host but its locks, the null device and what it was born with', async () => {
    await using container = await small();
    const directory = `/proc/${await initPid(container)}/fd`;
    const host = statSync('/');
    const found = readdirSync(directory).flatMap((fd) => {
      const target = readlinkSync(path.join(directory, fd));
      const about = statSync(path.join(directory, fd));
      const harmless = !target.startsWith('/') || (about.isCharacterDevice() && about.rdev === NULL_DEVICE);
      return !harmless && about.dev === host.dev ? [target] : [];
    });
    // Root's containers hold the lock on their range of ids, too.
    const held = isRoot ? [/\/\.ids$/, /\/lock$/] : [/\/lock$/];
    expect(found.sort()).toEqual(held.map((name) => expect.stringMatching(name) as string));
  });
});

test('init holds nothing of a process once it has ended', async () => {
  await using container = await small();
  const pid = await initPid(container);
  const count = (): number =>
    Number(/^FDSize:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  await container.run('true');
  const before = count();
  for (let round = 0; round < 100; round++) await container.run('say', ['x', '1', 'y', '2'], { input: 'z' });
  // A descriptor that stays open in each round would have made the table grow.
  await eventually(() => expect(count()).toBe(before));
});
