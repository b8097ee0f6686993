import { describe, expect, test } from 'vitest';
import {
  checkKernel,
  checkLandlock,
  checkMemfd,
  checkNamespaces,
  checkOverlay,
  checkProc,
  checkSeccomp,
  checkUserNamespaces,
} from '../../src/probe/checks.js';
import { fakeHost, NFS, OVERLAYFS } from '../support/fake-host.js';

const ROOT = { uid: 0 };
const BASE = { state: '/run/containerv', data: '/var/lib/containerv' };

describe('where nothing is amiss', () => {
  test.for([
    checkUserNamespaces(fakeHost()),
    checkNamespaces(fakeHost()),
    checkSeccomp(fakeHost()),
    checkOverlay(fakeHost(), BASE),
    checkProc(fakeHost()),
    checkMemfd(fakeHost()),
    checkKernel('6.1.0', () => true),
    checkLandlock(4),
  ])('$name is ok, and there is nothing to mend', (check) => {
    expect(check.status).toBe('ok');
    expect(check).not.toHaveProperty('fix');
    expect(check.detail).not.toBe('');
  });
});

describe('what distributions forbid', () => {
  test.for([
    [
      'user namespaces are switched off',
      { '/proc/sys/user/max_user_namespaces': '0\n' },
      'sudo sysctl -w user.max_user_namespaces=15000',
    ],
    [
      'Debian’s switch, and of hardened kernels',
      { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' },
      'sudo sysctl -w kernel.unprivileged_userns_clone=1',
    ],
    [
      'Ubuntu’s since 24.04',
      { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' },
      'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    ],
  ] as const)('%s: the command that allows it', ([, files, fix]) => {
    expect(checkUserNamespaces(fakeHost(files))).toMatchObject({ status: 'missing', fix });
  });

  test.for([
    { '/proc/sys/kernel/unprivileged_userns_clone': '1\n' },
    { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '0\n' },
    { '/proc/sys/user/max_user_namespaces': '1\n' },
    { '/proc/sys/user/max_user_namespaces': undefined },
  ])('%j allows it', (files) => {
    expect(checkUserNamespaces(fakeHost(files)).status).toBe('ok');
  });

  test('root is bound by the number, not by what is said of others', () => {
    const unprivileged = {
      '/proc/sys/kernel/unprivileged_userns_clone': '0\n',
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n',
    };
    expect(checkUserNamespaces(fakeHost(unprivileged, ROOT)).status).toBe('ok');
    const none = { '/proc/sys/user/max_user_namespaces': '0\n' };
    expect(checkUserNamespaces(fakeHost(none, ROOT)).status).toBe('missing');
  });

  test('a kernel without user namespaces cannot be mended by a setting', () => {
    const check = checkUserNamespaces(fakeHost({ '/proc/self/ns/user': undefined }));
    expect(check).toMatchObject({ status: 'missing', fix: 'Use a kernel that has it.' });
    expect(check.detail).toContain('CONFIG_USER_NS');
  });
});

test('namespaces that the kernel lacks are named', () => {
  const check = checkNamespaces(
    fakeHost({ '/proc/self/ns/ipc': undefined, '/proc/self/ns/cgroup': undefined }),
  );
  expect(check).toMatchObject({ status: 'missing', detail: 'The kernel lacks: ipc, cgroup' });
});

test.for([
  [undefined, 'No seccomp filters'],
  ['kill_thread trap errno trace allow\n', 'Lacks: kill_process'],
] as const)('seccomp actions %j', ([actions, detail]) => {
  const check = checkSeccomp(fakeHost({ '/proc/sys/kernel/seccomp/actions_avail': actions }));
  expect(check).toMatchObject({ status: 'missing', detail: expect.stringContaining(detail) as string });
  expect(check.fix).toContain('CONFIG_SECCOMP_FILTER');
});

test.for([
  [2, 'degraded', 'ABI 2, without truncation (ABI 3), ports of TCP (ABI 4), '],
  [3, 'ok', 'ABI 3, without ports of TCP (ABI 4), '],
  [7, 'ok', 'ABI 7, without sockets in the file system (ABI 9)'],
  [9, 'ok', 'ABI 9'],
] as const)('Landlock ABI %i is %s', ([abi, status, detail]) => {
  const check = checkLandlock(abi);
  expect(check.status).toBe(status);
  expect(check.detail).toContain(detail);
  expect(check.fix === undefined).toBe(status === 'ok');
});

test('without Landlock containers work, and it is told what cannot be enforced', () => {
  expect(checkLandlock(0)).toMatchObject({
    status: 'degraded',
    fix: expect.stringContaining('lsm=') as string,
  });
});

describe('overlayfs', () => {
  test('as a module that is not loaded', () => {
    const check = checkOverlay(fakeHost({ '/proc/filesystems': 'nodev\toverlayfs2\n' }), BASE);
    expect(check).toMatchObject({ status: 'missing', fix: 'sudo modprobe overlay' });
  });

  test.for([
    [OVERLAYFS, 'another overlay'],
    [NFS, 'NFS'],
    [0xff534d42, 'CIFS'],
    [0x4d44, 'FAT'],
    [0x2011bab0, 'exFAT'],
  ] as const)('cannot write to file system 0x%x', ([fileSystem, name]) => {
    const check = checkOverlay(fakeHost({}, { fileSystem }), BASE);
    expect(check).toMatchObject({
      status: 'missing',
      detail: expect.stringContaining(`${BASE.data} is on ${name}`) as string,
    });
    expect(check.fix).toContain('CONTAINERV_DATA_DIR');
    expect(check.fix).toContain("writable: 'tmpfs'");
  });

  test('says where writes go', () => {
    expect(checkOverlay(fakeHost(), BASE).detail).toContain(BASE.data);
  });
});

test('without namespaces of time containers work, with less', () => {
  expect(checkNamespaces(fakeHost({ '/proc/self/ns/time': undefined }))).toMatchObject({
    status: 'degraded',
    fix: expect.stringContaining('CONFIG_TIME_NS') as string,
  });
});

describe('/proc', () => {
  const mountedAt = (...points: string[]): string =>
    points.map((point, index) => `${30 + index} 25 0:22 / ${point} rw - tmpfs tmpfs rw`).join('\n');

  test('of a container is covered in places, which keeps a new one from being mounted', () => {
    const points = ['/proc/kcore', '/proc/keys', '/proc/acpi', '/proc/scsi'];
    const check = checkProc(fakeHost({ '/proc/self/mountinfo': mountedAt(...points) }));
    expect(check.status).toBe('missing');
    expect(check.detail).toContain('/proc/kcore, /proc/keys, /proc/acpi, ...');
    expect(check.fix).toContain('docker run --security-opt systempaths=unconfined');
  });

  test('with a few places lists them all', () => {
    const check = checkProc(fakeHost({ '/proc/self/mountinfo': mountedAt('/proc/kcore') }));
    expect(check.detail).toContain('Covered at /proc/kcore:');
  });

  test('is whole in spite of binfmt_misc, and of what only begins like it', () => {
    const text = mountedAt('/proc', '/proc/sys/fs/binfmt_misc', '/process/x', '/mnt/proc/a');
    expect(checkProc(fakeHost({ '/proc/self/mountinfo': text })).status).toBe('ok');
  });
});

test.for([
  ['0\n', 'ok'],
  ['1\n', 'ok'],
  [undefined, 'ok'],
  ['2\n', 'missing'],
] as const)('vm.memfd_noexec %j is %s', ([text, status]) => {
  const check = checkMemfd(fakeHost({ '/proc/sys/vm/memfd_noexec': text }));
  expect(check.status).toBe(status);
  if (status === 'missing') expect(check.fix).toBe('sudo sysctl -w vm.memfd_noexec=1');
});

describe('the kernel', () => {
  test('without newer calls is slower or plainer, not unusable, and they are named', () => {
    const check = checkKernel('4.18.0', (number) => number < 436);
    expect(check).toMatchObject({
      status: 'degraded',
      detail:
        'Linux 4.18.0 without openat2 (Linux 5.6), close_range (Linux 5.9), mount_setattr (Linux 5.12); containers work by older system calls',
    });
    expect(check.fix).toContain('5.12');
  });

  // include/uapi/asm-generic/unistd.h
  test.for([
    [428, 'open_tree'],
    [435, 'clone3'],
    [436, 'close_range'],
    [437, 'openat2'],
    [442, 'mount_setattr'],
  ] as const)('call %i is %s', ([number, name]) => {
    expect(checkKernel('6', (asked) => asked !== number).detail).toContain(`without ${name} (`);
  });
});

test.for([
  ['max_net_namespaces', 'sudo sysctl -w user.max_net_namespaces=15000'],
  ['max_mnt_namespaces', 'sudo sysctl -w user.max_mnt_namespaces=15000'],
] as const)('no namespaces of a kind: user.%s is 0', ([setting, fix]) => {
  const check = checkNamespaces(fakeHost({ [`/proc/sys/user/${setting}`]: '0\n' }));
  expect(check).toMatchObject({ status: 'missing', fix });
});
