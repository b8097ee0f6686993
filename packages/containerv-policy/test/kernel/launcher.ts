import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../src/index.js';
import { scratchDirectory } from '../support/scratch.js';
import { type CProgram, compileC, pathOf } from '../support/compile-c.js';

export interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Launcher {
  readonly program: CProgram;
  /** For files of the tests; also where commands run. */
  readonly directory: string;
  /** Runs a command under the policy's filter, loaded as containerv's init loads it. */
  readonly run: (policy: Policy, command: string, args?: readonly string[], input?: string) => Run;
}

/** Launches on the host itself: only the syscall filter is in force, no other part of a policy. */
export function makeLauncher(): Launcher {
  const directory = scratchDirectory();
  const arch = process.arch;
  const program: CProgram =
    arch === 'x64' || arch === 'arm64'
      ? compileC('kernel/programs/launch.c', directory, ['-static'])
      : { unavailable: `no tables for ${arch}` };
  return {
    program,
    directory,
    run(policy, command, args = [], input = '') {
      const filter = join(directory, `${policy.hash}.bpf`);
      writeFileSync(filter, policy.compileSeccomp({ arch: arch === 'arm64' ? 'arm64' : 'x64', log: false }));
      const { status, signal, stdout, stderr } = spawnSync(pathOf(program), [filter, command, ...args], {
        cwd: directory,
        input,
        encoding: 'utf8',
        timeout: 60_000,
        env: {
          ...process.env,
          HOME: directory,
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        },
      });
      return { status, signal, stdout, stderr };
    },
  };
}

/** The program's path, or `undefined` where it is not installed. Not a version manager's wrapper script. */
export function installed(name: string): string | undefined {
  return ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']
    .map((directory) => `${directory}/${name}`)
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
