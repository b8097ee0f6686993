import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Container } from 'containerv-linux';
import { createContainer } from 'containerv-linux';
import { describe, expect, test } from 'vitest';
import { describeAsRoot } from '../support/privilege.js';
import { toolDirectory } from '../support/root.js';
import { scratch } from '../support/scratch.js';
import { isRoot } from '../support/suite.js';

const TOOL = path.join(toolDirectory(), 'box');

async function onHost(writable?: 'overlay' | 'tmpfs' | false): Promise<Container> {
  const mounts = [{ source: TOOL, target: '/opt/box', readonly: true }];
  return createContainer(writable === undefined ? { mounts } : { mounts, writable });
}

async function entries(container: Container, directory: string): Promise<string[]> {
  const { stdout } = await container.run('/opt/box', ['directory', directory]);
  return (JSON.parse(stdout) as { entries: string[] }).entries.sort();
}

async function errnos(
  container: Container,
  operations: readonly (readonly [string, string])[],
): Promise<number[]> {
  const args = operations.flatMap(([operation, file]) => [operation, file, '']);
  return JSON.parse((await container.run('/opt/box', ['attempt', ...args])).stdout) as number[];
}

const ENOENT = 2;
const EROFS = 30;
// The host's directories stay those of the host's root, which an ordinary user is not, in no namespace.
const SYSTEM = isRoot ? ['/usr/bin', '/usr/lib'] : [];
const PROGRAMS = isRoot ? '/usr/bin' : '/opt';

describe('the host’s own system as the root', () => {
  test('has its programs, and they run', async () => {
    await using container = await onHost();
    const { stdout } = await container.run(
      'sh',
      ['-c', 'echo "$(uname -s) $0 $1"; exit 3', 'name', 'argument'],
      { reject: false },
    );
    expect(stdout).toBe('Linux name argument\n');
    expect((await container.run('ls', ['/usr/bin'])).stdout.split('\n').length).toBeGreaterThan(50);
  });

  test('has nothing of the host’s users and services', async () => {
    await using container = await onHost();
    for (const directory of [
      '/root',
      '/home',
      '/run',
      '/var/lib',
      '/var/cache',
      '/mnt',
      '/var/tmp',
      '/tmp',
    ]) {
      expect([directory, await entries(container, directory)]).toEqual([directory, []]);
    }
    const secret = [
      '/etc/shadow',
      '/etc/gshadow',
      '/etc/ssh',
      '/etc/sudoers',
      '/etc/ssl/private',
      '/etc/machine-id',
      '/boot',
      '/var/log',
      '/proc/1/root/etc',
      scratch,
    ];
    const found = await errnos(
      container,
      secret.map((file) => ['exists', file] as const),
    );
    expect(secret.filter((_, index) => found[index] === 0)).toEqual([]);
    const shown = new Set(await entries(container, '/'));
    const allowed = new Set([
      'bin',
      'dev',
      'etc',
      'gnu',
      'home',
      'lib',
      'lib32',
      'lib64',
      'libx32',
      'mnt',
      'nix',
      'opt',
      'proc',
      'root',
      'run',
      'sbin',
      'sys',
      'tmp',
      'usr',
      'var',
    ]);
    expect([...shown].filter((name) => !allowed.has(name))).toEqual([]);
  });

  test('shows of /etc only what is named, read-only', async () => {
    await using container = await onHost();
    const listed = await entries(container, '/etc');
    expect(listed).toEqual(expect.arrayContaining(['group', 'hostname', 'hosts', 'passwd', 'resolv.conf']));
    expect(listed.length).toBeLessThan(60);
    expect(
      await errnos(container, [
        ['open-write', '/etc/passwd'],
        ['open-write', '/etc/group'],
      ]),
    ).toEqual([expect.toBeOneOf([EROFS, 13]), expect.toBeOneOf([EROFS, 13])]);
  });

  test('takes writes that the host never sees, and that are gone with the container', async () => {
    const marker = `containerv-test-${process.pid}`;
    const places = [...SYSTEM, '/etc', '/root', '/opt', '/'].map((directory) => path.join(directory, marker));
    await using container = await onHost();
    const created = await errnos(
      container,
      places.map((file) => ['create', file] as const),
    );
    expect(created).toEqual(places.map(() => 0));
    expect(places.filter((file) => existsSync(file))).toEqual([]);
    await container.destroy();
    await using again = await onHost();
    const found = await errnos(
      again,
      places.map((file) => ['exists', file] as const),
    );
    expect(found).toEqual(places.map(() => ENOENT));
  });

  test.for(['overlay', 'tmpfs', false] as const)(
    'a program can be put beside its own and run: writable %s',
    async (writable) => {
      await using container = await onHost(writable);
      const file = `${PROGRAMS}/containerv-test`;
      const script = `printf '#!/bin/sh\necho changed' > ${file} && chmod +x ${file} && ${file}`;
      const result = await container.run('sh', ['-c', script], { reject: false });
      if (writable === false) expect(result.stderr).toMatch(/[Rr]ead-only file system/);
      else expect(result.stdout).toBe('changed\n');
    },
  );

  test('a compiler builds a program in it', async () => {
    await using container = await createContainer();
    const source = '#include <stdio.h>\nint main(void) { puts("built inside"); }\n';
    await container.run('sh', ['-c', 'mkdir /workspace && cat > /workspace/a.c'], { input: source });
    const { stdout } = await container.run('sh', ['-c', 'cc -o a a.c && ./a'], { cwd: '/workspace' });
    expect(stdout).toBe('built inside\n');
  });
});

describe('names', () => {
  test('the container knows itself and the loopback, and no name server without a network', async () => {
    await using container = await createContainer({ hostname: 'builder.example' });
    const read = async (file: string): Promise<string> => (await container.run('cat', [file])).stdout;
    expect((await container.run('uname', ['-n'])).stdout).toBe('builder.example\n');
    expect(await read('/etc/hostname')).toBe('builder.example\n');
    expect(await read('/etc/hosts')).toMatch(/^127\.0\.0\.1\s+localhost builder\.example builder$/m);
    expect(await read('/etc/resolv.conf')).not.toMatch(/^nameserver/m);
  });

  test('on the host’s network, the host’s name servers', async () => {
    await using container = await createContainer({ network: 'host' });
    const { stdout } = await container.run('cat', ['/etc/resolv.conf']);
    expect(stdout).toBe(existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '');
    expect(container.enforced).toMatchObject({ network: 'host' });
    expect(container.enforced.namespaces).not.toContain('net');
  });
});

test('what the container gave odd modes to is removed as well', async () => {
  await using container = await createContainer();
  const script =
    'mkdir -p /opt/a/b/c && touch /opt/a/b/c/file && chmod 000 /opt/a/b/c /opt/a/b /opt/a && ln -s / /opt/link && mkfifo /opt/fifo';
  await container.run('sh', ['-c', script]);
  await container.run('sh', [
    '-c',
    'd=/opt/deep; mkdir $d; cd $d; for i in $(seq 300); do mkdir x; cd x; done',
  ]);
  await container.destroy();
  expect(existsSync(path.join(process.env['CONTAINERV_DATA_DIR'] ?? '', container.id))).toBe(false);
});

describeAsRoot('what the host has', () => {
  test('can be deleted inside, and stays where it is', async () => {
    await using container = await onHost();
    const gone = await errnos(container, [
      ['unlink', '/usr/bin/env'],
      ['exists', '/usr/bin/env'],
    ]);
    expect(gone).toEqual([0, ENOENT]);
    expect(existsSync('/usr/bin/env')).toBe(true);
    await using other = await onHost();
    expect(await errnos(other, [['exists', '/usr/bin/env']])).toEqual([0]);
  });
});
