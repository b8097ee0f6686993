import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Container } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { mounter } from '../support/attack.js';
import { attempt, small } from '../support/container.js';
import { makeDecoy } from '../support/decoy.js';
import { failure } from '../support/failure.js';
import { familyOf, initPid } from '../support/host.js';
import { describeAsRoot } from '../support/privilege.js';
import { makeRoot } from '../support/root.js';
import { scratchPath } from '../support/scratch.js';

const NULL_DEVICE = (1 << 8) | 3;
/** What a driver that took /proc of the container for the kernel's would read or write. */
const FORGED = [
  'self/attr/exec',
  'thread-self/attr/exec',
  'self/status',
  'self/setgroups',
  'self/uid_map',
  'self/oom_score_adj',
  'sys/kernel/core_pattern',
  'sysrq-trigger',
  '1/status',
  '1/fd/3',
];

/** Puts a file system of its own over /proc, with files where the kernel has its own. */
async function forgeProc(container: Container): Promise<void> {
  const directories = new Set(
    FORGED.flatMap((file) =>
      file
        .split('/')
        .slice(0, -1)
        .map((_, at, parts) => parts.slice(0, at + 1).join('/')),
    ),
  );
  const outcomes = await attempt(container, [
    ['mount-type', '/proc', 'tmpfs'],
    ...[...directories].map((directory) => ['mkdir', `/proc/${directory}`] as const),
    ...FORGED.map((file) => ['write', `/proc/${file}`, 'forged'] as const),
  ]);
  expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
}

async function forgedContents(container: Container): Promise<string[]> {
  const texts = FORGED.map(() => Buffer.alloc(64));
  await container.download(
    FORGED.map((file, at) => ({ from: `/proc/${file}`, to: texts[at] ?? Buffer.alloc(64) })),
  );
  return texts.map((text) => text.toString().replaceAll('\0', ''));
}

/** Everything that the driver and init do to a container that runs. */
async function useAll(container: Container): Promise<void> {
  await container.run('true', [], { user: 0 });
  await container.run('true', [], { cwd: '/tmp', env: { A: 'b' }, rlimits: { nofile: 64 } });
  await container.run('true', [], { policy: 'minimal' });
  const terminal = await container.spawn('sleep', [], { tty: true, jobControl: true });
  await container.processes();
  await container.stats();
  await terminal.kill('SIGKILL');
  await terminal.wait();
  const file = scratchPath('file');
  writeFileSync(file, 'text');
  await container.upload([{ from: file, to: '/tmp/file' }]);
  await container.download([{ from: '/tmp/file', to: Buffer.alloc(10) }]);
}

describe('CVE-2025-52881, CVE-2015-1334, CVE-2019-19921: /proc that somebody inside mounted over', () => {
  test('is neither read nor written by what serves the container', async () => {
    await using container = await small({ policy: mounter });
    await forgeProc(container);
    await useAll(container);
    expect(await forgedContents(container)).toEqual(FORGED.map(() => 'forged'));
  });

  test('does not change how later processes are confined', async () => {
    await using container = await small({ policy: mounter });
    const confinementNow = async (): Promise<string[]> => {
      const sleeper = await container.spawn('sleep', [], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => sleeper.stdout?.once('data', resolve));
      const pid = familyOf(await initPid(container)).at(-1) ?? 0;
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      await sleeper.kill('SIGKILL');
      await sleeper.wait();
      return status.split('\n').filter((line) => /^(Cap|NoNewPrivs|Seccomp|Groups|Uid|Gid)/.test(line));
    };
    const before = await confinementNow();
    await forgeProc(container);
    expect(await confinementNow()).toEqual(before);
    expect(before.join()).toMatch(/NoNewPrivs:\t1.*Seccomp:\t2/);
  });

  test('CVE-2019-16884: cannot be asked for by an option either', async () => {
    const decoy = makeDecoy();
    for (const target of ['/proc', '/proc/self/attr', '/proc/sys', '//proc/../proc/1', '/'])
      await failure(small({ mounts: [{ source: decoy.directory, target }] }), {
        code: 'ERR_CONTAINERV_INVALID_OPTION',
        message: /target/,
      });
  });
});

describe('/dev that somebody inside has changed', () => {
  test('CVE-2025-52565: a terminal is the kernel’s, wherever /dev/pts and /dev/console lead', async () => {
    const rootfs = makeRoot();
    await using container = await small({ rootfs, policy: mounter });
    const victim = '/srv/victim';
    await attempt(container, [
      ['write', victim, 'untouched'],
      ['unlink', '/dev/ptmx'],
      ['symlink', '/dev/ptmx', victim],
      ['unlink', '/dev/console'],
      ['symlink', '/dev/console', victim],
    ]);
    const terminal = await container.spawn('terminal', [], { tty: true });
    const [line = ''] = await new Promise<string[]>((resolve) =>
      terminal.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\r\n'))),
    );
    expect(JSON.parse(line)).toMatchObject({ terminals: 3, controlling: true, console: false });
    terminal.stdin?.write('q\n');
    await terminal.wait();
    // A multiplexer of somebody's own making is none.
    const outcomes = await attempt(container, [
      ['mount-type', '/dev/pts', 'tmpfs'],
      ['symlink', '/dev/pts/ptmx', victim],
    ]);
    expect(outcomes).toEqual(['ok', 'ok']);
    await failure(container.spawn('terminal', [], { tty: true }), {
      code: /^ERR_CONTAINERV_/,
      step: 'open terminal',
      errno: 'ELOOP',
    });
    await attempt(container, [
      ['unlink', '/dev/pts/ptmx'],
      ['write', '/dev/pts/ptmx', 'untouched'],
    ]);
    await failure(container.spawn('terminal', [], { tty: true }), {
      code: /^ERR_CONTAINERV_/,
      step: 'open terminal',
      errno: 'ENODEV',
    });
    const content = Buffer.alloc(16);
    await container.download([{ from: victim, to: content }]);
    expect(content.toString()).toMatch(/^untouched\0/);
  });

  test('CVE-2026-88265, CVE-2025-31133: what a process reads nothing from is the null device', async () => {
    await using container = await small({ policy: mounter });
    const victim = '/srv/victim';
    const outcomes = await attempt(container, [
      ['write', victim, 'untouched'],
      ['chmod', victim, '640'],
      ['mount-remove', '/dev/null'],
      ['unlink', '/dev/null'],
      ['symlink', '/dev/null', victim],
    ]);
    expect(outcomes.at(-1)).toBe('ok');
    const sleeper = await container.spawn('sleep', [], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => sleeper.stdout?.once('data', resolve));
    const pid = familyOf(await initPid(container)).at(-1);
    for (const fd of [0, 2]) expect(statSync(`/proc/${pid}/fd/${fd}`).rdev).toBe(NULL_DEVICE);
    await sleeper.kill('SIGKILL');
    await sleeper.wait();
    const content = scratchPath('victim');
    await container.download([{ from: victim, to: content }]);
    expect(readFileSync(content, 'utf8')).toBe('untouched');
    expect(statSync(content).mode & 0o777).toBe(0o640);
  });

  test('CVE-2026-88264, CVE-2026-41579: asked to be a directory of the host, is not changed there', async () => {
    const decoy = makeDecoy();
    const before = decoy.describe();
    const made = await small({ mounts: [{ source: decoy.directory, target: '/dev', readonly: true }] }).catch(
      (error: unknown) => error,
    );
    if (!(made instanceof Error)) {
      await using container = made as Container;
      await container.run('true', []).catch(() => undefined);
      const terminal = container.spawn('terminal', [], { tty: true });
      await failure(terminal, { code: /^ERR_CONTAINERV_/, step: 'open terminal' });
      // Paths that are hidden are hidden by the device of the host's, opened before anything of the root.
      const seen = await attempt(container, [['read', '/proc/kcore']]);
      expect(seen).not.toContain('decoy');
    }
    expect(decoy.describe()).toEqual(before);
  });
});

describeAsRoot('CVE-2022-0492: control groups of version 1', () => {
  test('cannot be mounted, and where a policy lets them be, have no release agent', async () => {
    const places = ['memory', 'pids', 'cpu', 'devices', 'freezer', 'rdma'];
    const tries = places.map((controller) => ['mount-cgroup', '/srv', controller] as const);
    for (const user of [true, false]) {
      await using standard = await small({ namespaces: { user } });
      expect(new Set(await attempt(standard, tries))).toEqual(new Set(['EPERM']));
    }
    await using container = await small({ policy: mounter });
    for (const attack of tries) {
      const outcomes = await attempt(container, [
        attack,
        ['open-write', '/srv/release_agent'],
        ['open-write', '/srv/notify_on_release'],
        ['open-write', '/srv/memory.limit_in_bytes'],
        ['open-write', '/srv/pids.max'],
        ['mkdir', '/srv/child'],
        ['mount-remove', '/srv'],
      ]);
      expect([attack[2], ...outcomes.slice(1, 5)]).not.toContain('ok');
    }
  });
});
