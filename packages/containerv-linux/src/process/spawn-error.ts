import { ContainervError, type ErrorCode, type ProcessSpec } from 'containerv-api';
import { FILE_RULES_STEP, rulesetError } from '../landlock/ruleset-error.js';
import { type SystemFailure, systemError } from '../system-error.js';

const ENOENT = 2;
const E2BIG = 7;
const ENOEXEC = 8;
const EAGAIN = 11;
const ENOMEM = 12;
const EACCES = 13;
const EBUSY = 16;
const ENOTDIR = 20;
const EFBIG = 27;
const ELOOP = 40;

const MACHINES: Readonly<Record<string, string>> = {
  '3': 'i386',
  '40': 'arm',
  '62': 'x86-64',
  '183': 'arm64',
  '243': 'riscv',
};

/** Turns init's refusal to start a process into what the caller needs to know. */
export function spawnError(failure: SystemFailure, spec: ProcessSpec): ContainervError {
  const { step, errno } = failure;
  if (step === 'find command' || step === 'execute command') return commandError(failure, spec);
  if (step === 'enter working directory') {
    return systemError(failure, { what: 'Cannot enter', hint: directoryHint(errno) });
  }
  if (step === FILE_RULES_STEP) return rulesetError(failure);
  if (step === 'become user') return userError(failure, spec);
  if (step === 'set processors') {
    return systemError(failure, {
      what: `The container does not have all of the processors ${spec.cpuAffinity?.join(',') ?? ''} of \`cpuAffinity\``,
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      hint: 'Name processors of this machine that are in `limits.cpuset`: grep Cpus_allowed_list /proc/self/status, run in the container without `cpuAffinity`, lists them.',
    });
  }
  if (step === 'start process' && errno === EBUSY) {
    return new ContainervError(
      'ERR_CONTAINERV_STATE',
      `Cannot start '${spec.argv[0]}': the container is paused`,
      {
        step,
        hint: 'Call resume() first.',
      },
    );
  }
  if (errno === EAGAIN || errno === ENOMEM) {
    const hint = 'The container is at its `limits.pids` or `limits.memory`.';
    return systemError(failure, { what: 'Cannot start another process', code: 'ERR_CONTAINERV_SPAWN', hint });
  }
  return systemError(failure, { what: `Cannot start '${spec.argv[0]}'` });
}

function directoryHint(errno: number): string | undefined {
  if (errno === ENOENT) return 'Create it in the root, mount something there, or choose another `cwd`.';
  if (errno === ENOTDIR) return 'Something in that path is not a directory. Choose another `cwd`.';
  if (errno !== EACCES) return undefined;
  return "The process's user may not enter it, or a directory above it: see its mode, `cwd` and `user`.";
}

function commandError(failure: SystemFailure, spec: ProcessSpec): ContainervError {
  const command = spec.argv[0];
  const code: ErrorCode = 'ERR_CONTAINERV_SPAWN';
  const bare = { ...failure, detail: undefined };
  const [kind, value = ''] = (failure.detail ?? '').split(' ', 2);
  if (kind === 'interpreter') {
    const hint = 'Install the interpreter in the root, or correct the first line of the script.';
    return systemError(bare, {
      code,
      what: `The interpreter '${value}' of the script does not exist:`,
      hint,
    });
  }
  if (kind === 'loader') {
    const hint = 'The program is dynamically linked, and the root lacks its loader or C library.';
    return systemError(bare, { code, what: 'The dynamic loader does not exist for', hint });
  }
  if (kind === 'machine' && failure.errno === ENOEXEC) {
    const hint = `It is built for ${MACHINES[value] ?? `machine ${value}`}; this is ${process.arch}.`;
    return systemError(bare, { code, what: 'Wrong architecture:', hint });
  }
  if (failure.errno === ENOEXEC) {
    return systemError(bare, {
      code,
      what: 'Not a program:',
      hint: "A script needs a first line such as '#!/bin/sh'.",
    });
  }
  if (kind === 'directory') {
    return systemError(bare, { code, what: 'Not a program but a directory:', hint: 'Name a program in it.' });
  }
  if (failure.errno === EACCES && failure.detail === 'file rules') {
    const hint =
      'Check its mode and those of the directories above it, and that the policy lets it be read and executed, and its interpreter or loader, too: `addPaths([...], FsAccess.Read | FsAccess.Execute)`.';
    return systemError(bare, { code, what: "Not executable, or not by the policy's file rules:", hint });
  }
  if (failure.errno === EACCES) {
    return systemError(bare, {
      code,
      what: 'Not executable:',
      hint: 'Check its mode, and the modes of the directories above it.',
    });
  }
  if (failure.errno === ENOENT || failure.errno === ENOTDIR || failure.errno === ELOOP) {
    const hint = command.includes('/')
      ? 'The path is looked up inside the container.'
      : `Looked for inside the container in PATH=${spec.env['PATH'] ?? '(default)'}`;
    return systemError(bare, { code, what: 'Command not found:', hint });
  }
  const hint =
    failure.errno === E2BIG
      ? 'The kernel takes 6 MiB of arguments and environment at most, and 128 KiB for one of them. Pass the rest in a file or through stdin.'
      : undefined;
  return systemError(failure, { code, what: 'Cannot execute', hint });
}

function userError(failure: SystemFailure, { user }: ProcessSpec): ContainervError {
  const file = failure.detail === 'group' ? '/etc/group' : '/etc/passwd';
  if (failure.syscall === 'read' && failure.errno === EFBIG) {
    const hint =
      'It is taken from the container, so it is read up to a limit. A numeric `user` needs no file.';
    const what = `Too large to look up '${failure.detail === 'group' ? user.group : user.user}' in:`;
    return systemError({ ...failure, detail: undefined, path: file }, { what, hint });
  }
  const missing = failure.syscall === 'read' && failure.errno === ENOENT;
  if (missing) {
    const what = failure.detail === 'group' ? `No group '${user.group}'` : `No user '${user.user}'`;
    const hint = `Names are looked up in the container's own ${file}; a numeric id needs no entry.`;
    return systemError(
      { ...failure, detail: undefined, path: undefined },
      { code: 'ERR_CONTAINERV_NOT_FOUND', what, hint },
    );
  }
  const hint =
    failure.syscall === 'read'
      ? undefined
      : 'The id has to be mapped in the user namespace: without root that is 0, and what /etc/subuid and /etc/subgid give. See `users` and `groups`.';
  return systemError(failure, { what: 'Cannot become user', hint });
}
