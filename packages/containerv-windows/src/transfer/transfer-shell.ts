import { resolveRunOptions, ROOT_USER } from 'containerv-api';
import { buildProcessParameters } from '../documents/build-process-parameters.js';
import type { LiveContainer } from '../live-container.js';
import { runProcess } from '../process/run.js';
import { containerShell } from './container-shell.js';
import type { GuestShell } from './guest-shell.js';

/**
 * The shell of a running container, as its root under its own policy: it comes from the image, which may be hostile, and
 * is not to have more than anything else in there.
 */
export function transferShell(live: LiveContainer, call: 'upload' | 'download'): GuestShell {
  const { spec, guest } = live;
  live.running(call);
  return containerShell(guest.os, live.staging, async (command, args, { input, env, signal }) => {
    const run = resolveRunOptions(
      command,
      args,
      { input, env, signal, encoding: 'buffer', reject: false },
      { ...spec, user: ROOT_USER, cwd: '/' },
    );
    const { stdout, stderr, exitCode } = await runProcess(
      live.running(call),
      buildProcessParameters(spec, run),
      run,
      guest.os,
      (process) => live.adopt(process),
    );
    return { stdout: Buffer.from(stdout as Buffer), stderr: Buffer.from(stderr as Buffer), exitCode };
  });
}
