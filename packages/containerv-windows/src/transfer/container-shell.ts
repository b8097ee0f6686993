import { rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { GuestShell, ShellOutput } from './guest-shell.js';

/** Where containers see their staging directory, as `mappedDirectories` puts it there. */
const SEEN = { linux: '/chef/staging', windows: 'C:\\chef\\staging' } as const;

/** How a command is run in the container: its whole output, and its exit code, also when that is not 0. */
export type RunInContainer = (
  command: string,
  args: readonly string[],
  options: RunInContainerOptions,
) => Promise<ShellOutput>;

export interface RunInContainerOptions {
  readonly input: string | undefined;
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** The shell of a container: `/bin/sh`, or `cmd.exe`, which takes no script but from a file. */
export function containerShell(
  os: 'linux' | 'windows',
  staging: string,
  run: RunInContainer,
  stagingPath: string = SEEN[os],
): GuestShell {
  if (os === 'linux') {
    return {
      os,
      stagingPath,
      run: async ({ text, variables }, signal) =>
        run('/bin/sh', ['-s'], { input: text, env: variables, signal }),
    };
  }
  return {
    os,
    stagingPath,
    run: async ({ text, variables }, signal) => {
      const name = `${randomUUID()}.cmd`;
      const file = path.join(staging, name);
      await writeFile(file, text, { flag: 'wx' });
      try {
        const args = ['/d', '/q', '/u', '/c', `${stagingPath}\\${name}`];
        return await run('cmd.exe', args, { input: undefined, env: variables, signal });
      } finally {
        await rm(file, { force: true }).catch(() => {});
      }
    },
  };
}
