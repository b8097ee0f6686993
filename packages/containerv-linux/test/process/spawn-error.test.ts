import { type ErrorCode, resolveSpawnOptions, type SpawnOptions } from 'containerv-api';
import { expect, test } from 'vitest';
import { spawnError } from '../../src/process/spawn-error.js';
import type { SystemFailure } from '../../src/system-error.js';

const SPAWN = 'ERR_CONTAINERV_SPAWN';

interface Case {
  readonly failure: Partial<SystemFailure> & Pick<SystemFailure, 'step' | 'errno'>;
  readonly command?: string;
  readonly options?: SpawnOptions;
  readonly code: ErrorCode;
  readonly errno: string;
  readonly says: string;
  readonly hint: string | undefined;
}

const cases: readonly Case[] = [
  {
    failure: { step: 'find command', errno: 2, path: 'gcc' },
    command: 'gcc',
    options: { env: { PATH: '/opt/bin' } },
    code: SPAWN,
    errno: 'ENOENT',
    says: "Command not found: 'gcc'",
    hint: 'Looked for inside the container in PATH=/opt/bin',
  },
  {
    failure: { step: 'execute command', errno: 2, path: '/bin/gcc' },
    command: '/bin/gcc',
    code: SPAWN,
    errno: 'ENOENT',
    says: "Command not found: '/bin/gcc'",
    hint: 'The path is looked up inside the container.',
  },
  {
    failure: { step: 'execute command', errno: 20, path: '/etc/passwd/x' },
    command: '/etc/passwd/x',
    code: SPAWN,
    errno: 'ENOTDIR',
    says: 'Command not found',
    hint: 'inside the container',
  },
  {
    failure: { step: 'execute command', errno: 40, path: '/loop' },
    command: '/loop',
    code: SPAWN,
    errno: 'ELOOP',
    says: 'Command not found',
    hint: 'inside the container',
  },
  {
    failure: { step: 'execute command', errno: 13, path: '/bin/tool' },
    code: SPAWN,
    errno: 'EACCES',
    says: "Not executable: '/bin/tool'",
    hint: 'Check its mode',
  },
  {
    failure: { step: 'execute command', errno: 13, path: '/srv', detail: 'directory' },
    code: SPAWN,
    errno: 'EACCES',
    says: "Not a program but a directory: '/srv'",
    hint: 'Name a program in it',
  },
  ...(
    [
      [2, 'ENOENT', 'ERR_CONTAINERV_NOT_FOUND', 'Create it'],
      [20, 'ENOTDIR', 'ERR_CONTAINERV_NOT_FOUND', 'not a directory'],
      [13, 'EACCES', 'ERR_CONTAINERV_PERMISSION', 'may not enter'],
    ] as const
  ).map(([number, errno, code, hint]) => ({
    failure: { step: 'enter working directory', syscall: 'chdir', errno: number, path: '/srv' },
    code,
    errno,
    says: "Cannot enter '/srv'",
    hint,
  })),
  {
    failure: { step: 'execute command', errno: 13, path: '/bin/tool', detail: 'file rules' },
    code: SPAWN,
    errno: 'EACCES',
    says: "Not executable, or not by the policy's file rules: '/bin/tool'",
    hint: 'FsAccess.Read | FsAccess.Execute',
  },
  {
    failure: { step: 'apply file rules', syscall: 'openat2', errno: 2, path: '/srv/x' },
    code: 'ERR_CONTAINERV_NOT_FOUND',
    errno: 'ENOENT',
    says: "does not exist in the container: '/srv/x'",
    hint: "Below the security level 'strict' it is a warning.",
  },
  {
    failure: { step: 'apply file rules', syscall: 'landlock_restrict_self', errno: 7 },
    code: 'ERR_CONTAINERV_SYSTEM',
    errno: 'E2BIG',
    says: "Cannot apply the policy's file rules",
    hint: '16 Landlock rulesets',
  },
  {
    failure: { step: 'execute command', errno: 8, path: '/bin/tool', detail: 'machine 183' },
    code: SPAWN,
    errno: 'ENOEXEC',
    says: "Wrong architecture: '/bin/tool'",
    hint: `It is built for arm64; this is ${process.arch}.`,
  },
  {
    failure: { step: 'execute command', errno: 8, path: '/bin/tool', detail: 'machine 8' },
    code: SPAWN,
    errno: 'ENOEXEC',
    says: 'Wrong architecture',
    hint: 'It is built for machine 8;',
  },
  {
    failure: { step: 'execute command', errno: 8, path: '/bin/tool' },
    code: SPAWN,
    errno: 'ENOEXEC',
    says: 'Not a program',
    hint: "A script needs a first line such as '#!/bin/sh'.",
  },
  {
    failure: { step: 'execute command', errno: 2, path: '/bin/tool', detail: 'interpreter /usr/bin/perl' },
    code: SPAWN,
    errno: 'ENOENT',
    says: "The interpreter '/usr/bin/perl' of the script does not exist: '/bin/tool'",
    hint: 'Install the interpreter in the root',
  },
  {
    failure: { step: 'execute command', errno: 2, path: '/bin/tool', detail: 'loader /lib64/ld.so' },
    code: SPAWN,
    errno: 'ENOENT',
    says: "The dynamic loader does not exist for '/bin/tool'",
    hint: 'dynamically linked',
  },
  {
    failure: { step: 'execute command', errno: 7, path: '/bin/tool' },
    code: SPAWN,
    errno: 'E2BIG',
    says: "Cannot execute '/bin/tool'",
    hint: 'The kernel takes 6 MiB',
  },
  {
    failure: { step: 'become user', syscall: 'read', errno: 2, path: '/etc/passwd' },
    options: { user: 'www' },
    code: 'ERR_CONTAINERV_NOT_FOUND',
    errno: 'ENOENT',
    says: "No user 'www'",
    hint: "the container's own /etc/passwd; a numeric id needs no entry",
  },
  {
    failure: { step: 'become user', syscall: 'read', errno: 2, path: '/etc/group', detail: 'group' },
    options: { user: 'www:staff' },
    code: 'ERR_CONTAINERV_NOT_FOUND',
    errno: 'ENOENT',
    says: "No group 'staff'",
    hint: "the container's own /etc/group",
  },
  {
    failure: { step: 'become user', syscall: 'setresuid', errno: 22 },
    options: { user: 5 },
    code: 'ERR_CONTAINERV_SYSTEM',
    errno: 'EINVAL',
    says: 'Cannot become user',
    hint: 'mapped in the user namespace',
  },
  {
    failure: { step: 'become user', syscall: 'read', errno: 27, path: '/etc/passwd' },
    options: { user: 'www' },
    code: 'ERR_CONTAINERV_SYSTEM',
    errno: 'EFBIG',
    says: "Too large to look up 'www' in: '/etc/passwd'",
    hint: 'numeric',
  },
  {
    failure: { step: 'become user', syscall: 'setgroups', errno: 2 },
    options: { user: 'www' },
    code: 'ERR_CONTAINERV_NOT_FOUND',
    errno: 'ENOENT',
    says: 'Cannot become user',
    hint: 'mapped in the user namespace',
  },
  {
    failure: { step: 'start process', syscall: 'fork', errno: 11 },
    code: SPAWN,
    errno: 'EAGAIN',
    says: 'Cannot start another process',
    hint: '`limits.pids`',
  },
  {
    failure: { step: 'start process', syscall: 'fork', errno: 12 },
    code: SPAWN,
    errno: 'ENOMEM',
    says: 'Cannot start another process',
    hint: '`limits.memory`',
  },
  {
    failure: { step: 'start process', syscall: 'fork', errno: 108 },
    code: 'ERR_CONTAINERV_STATE',
    errno: 'ESHUTDOWN',
    says: "Cannot start 'tool'",
    hint: undefined,
  },
];

test.for(cases)(
  '$failure.step, $errno: $says',
  ({ failure, command = 'tool', options, code, errno, says, hint }) => {
    const spec = resolveSpawnOptions(command, [], options);
    const error = spawnError({ syscall: 'execve', ...failure }, spec);
    expect(error).toMatchObject({ code, errno, step: failure.step });
    expect(error.summary).toContain(says);
    if (hint === undefined) expect(error.hint).toBeUndefined();
    else expect(error.hint).toContain(hint);
  },
);

test('what init said in its own words is not shown where it was understood', () => {
  const failure = { step: 'execute command', syscall: 'execve', errno: 8, path: '/t', detail: 'machine 183' };
  expect(spawnError(failure, resolveSpawnOptions('/t')).message).not.toContain('machine 183');
});
