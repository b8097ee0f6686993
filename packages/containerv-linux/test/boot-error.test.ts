import type { ContainerOptions, ErrorCode } from 'containerv-api';
import { expect, test } from 'vitest';
import { bootError } from '../src/boot-error.js';
import type { SystemFailure } from '../src/system-error.js';
import { specOf } from './support/spec.js';

const EPERM = 1;
const ENOENT = 2;
const EIO = 5;
const E2BIG = 7;
const EACCES = 13;
const ENODEV = 19;
const ENOTDIR = 20;
const EINVAL = 22;
const ENFILE = 23;
const EMFILE = 24;
const ENOSPC = 28;
const ELOOP = 40;
const EUSERS = 87;

const failure = (step: string, errno: number, path?: string): SystemFailure => ({
  step,
  syscall: 'call',
  errno,
  path,
});

interface Expected {
  readonly code: ErrorCode;
  readonly errno: string;
  /** Part of the summary. */
  readonly says: string;
  /** What a newcomer is told to do; `undefined`: nothing better is known. */
  readonly hint: string | undefined;
}

const PERMISSION = 'ERR_CONTAINERV_PERMISSION';
const LAYER = 'ERR_CONTAINERV_LAYER';

test.for<[SystemFailure, Expected, ContainerOptions?]>([
  ...[EPERM, ENOSPC, EUSERS].map((errno): [SystemFailure, Expected] => [
    failure('start init', errno),
    {
      code: PERMISSION,
      errno: { [EPERM]: 'EPERM', [ENOSPC]: 'ENOSPC', [EUSERS]: 'EUSERS' }[errno] ?? '',
      says: 'This user may not make namespaces here',
      hint: 'containerv doctor',
    },
  ]),
  ...['map user ids', 'map group ids'].map((step): [SystemFailure, Expected] => [
    failure(step, EPERM, '/proc/1/uid_map'),
    { code: PERMISSION, errno: 'EPERM', says: 'Cannot map ids', hint: 'ones that this user may map' },
  ]),
  [
    failure('set oom_score_adj', EACCES, '/proc/1/oom_score_adj'),
    {
      code: PERMISSION,
      errno: 'EACCES',
      says: 'The kernel refuses `oomScoreAdj` = -500',
      hint: 'CAP_SYS_RESOURCE',
    },
    { oomScoreAdj: -500 },
  ],
  [
    failure('open mount source', ENOENT, '/srv/data'),
    {
      code: 'ERR_CONTAINERV_NOT_FOUND',
      errno: 'ENOENT',
      says: "the source of a mount: '/srv/data'",
      hint: 'The path is on the host. Create it first.',
    },
  ],
  [
    failure('open mount source', EACCES, '/srv/data'),
    { code: PERMISSION, errno: 'EACCES', says: "'/srv/data'", hint: 'readable by this user' },
  ],
  [
    failure('open mount target', ENOENT, '/data'),
    { code: LAYER, errno: 'ENOENT', says: "Cannot mount at '/data'", hint: 'let `create` do it' },
  ],
  [
    failure('open mount target', ENOTDIR, '/data'),
    { code: LAYER, errno: 'ENOTDIR', says: "Cannot mount at '/data'", hint: undefined },
  ],
  [
    failure('bind generated file', ENOENT, '/etc/hosts'),
    { code: LAYER, errno: 'ENOENT', says: "'/etc/hosts'", hint: 'Create it in the root' },
  ],
  ...['/proc', '/sys', '/dev', '/dev/pts', '/proc/kcore'].map((path): [SystemFailure, Expected] => [
    failure('mount proc', ELOOP, path),
    {
      code: LAYER,
      errno: 'ELOOP',
      says: `A symbolic link stands at '${path}'`,
      hint: 'Make it a plain directory',
    },
  ]),
  [
    failure('mount overlay', EINVAL, 'root'),
    { code: LAYER, errno: 'EINVAL', says: 'Cannot compose the root', hint: 'CONTAINERV_DATA_DIR' },
  ],
  [
    failure('mount overlay', EINVAL, 'root'),
    { code: LAYER, errno: 'EINVAL', says: 'Cannot compose the root', hint: undefined },
    { writable: 'tmpfs' },
  ],
  [
    failure('mount overlay', EPERM, 'root'),
    { code: LAYER, errno: 'EPERM', says: 'Cannot compose the root', hint: 'Linux 5.11' },
  ],
  [
    failure('mount overlay', E2BIG, 'root'),
    { code: LAYER, errno: 'E2BIG', says: 'Cannot compose the root', hint: 'Before Linux 6.8' },
  ],
  [
    failure('mount overlay', EIO, 'root'),
    { code: LAYER, errno: 'EIO', says: 'Cannot compose the root', hint: undefined },
  ],
  [
    failure('mount proc', ENOENT, '/proc'),
    {
      code: LAYER,
      errno: 'ENOENT',
      says: "The root has no directory '/proc'",
      hint: "Create /proc in the root, or use `writable: 'overlay'`",
    },
  ],
  ...[EPERM, EACCES].map((errno): [SystemFailure, Expected] => [
    failure('mount proc', errno, '/proc'),
    {
      code: PERMISSION,
      errno: errno === EPERM ? 'EPERM' : 'EACCES',
      says: 'The kernel does not allow it',
      hint: 'Mounts over parts of /proc or /sys on the host',
    },
  ]),
  [
    failure('mount sysfs', ENODEV, '/sys'),
    { code: 'ERR_CONTAINERV_UNSUPPORTED', errno: 'ENODEV', says: "'/sys'", hint: undefined },
  ],
  [
    failure('map user ids', EMFILE, '/proc/9/uid_map'),
    { code: 'ERR_CONTAINERV_SYSTEM', errno: 'EMFILE', says: "Failed '/proc/9/uid_map'", hint: 'ulimit -n' },
  ],
  [
    failure('open mount source', ENFILE, '/srv/data'),
    { code: 'ERR_CONTAINERV_SYSTEM', errno: 'ENFILE', says: "Failed '/srv/data'", hint: 'fs.file-max' },
  ],
  [
    failure('make device', ENOSPC, '/dev/x'),
    { code: 'ERR_CONTAINERV_SYSTEM', errno: 'ENOSPC', says: "Failed '/dev/x'", hint: 'df -i' },
  ],
  [
    failure('enter root', EIO),
    { code: 'ERR_CONTAINERV_SYSTEM', errno: 'EIO', says: 'enter root: Failed', hint: undefined },
  ],
  [
    failure('make directory', ELOOP, '/srv'),
    { code: 'ERR_CONTAINERV_SYSTEM', errno: 'ELOOP', says: "Failed '/srv'", hint: undefined },
  ],
])('%j', ([failed, { code, errno, says, hint }, options]) => {
  const error = bootError(failed, specOf(options));
  expect(error).toMatchObject({ code, errno, step: failed.step, syscall: failed.syscall });
  expect(error.path).toBe(failed.path);
  expect(error.summary).toContain(says);
  if (hint === undefined) expect(error.hint).toBeUndefined();
  else expect(error.hint).toContain(hint);
});

test('a directory that only begins like /dev may be a link', () => {
  expect(bootError(failure('mount tmpfs', ELOOP, '/devices'), specOf()).summary).not.toContain(
    'symbolic link stands',
  );
});

test('what caused it is kept, and is not there when nothing did', () => {
  const cause = new Error('clone3');
  expect(bootError(failure('start init', EPERM), specOf(), cause).cause).toBe(cause);
  expect(bootError(failure('start init', EPERM), specOf())).not.toHaveProperty('cause');
});
