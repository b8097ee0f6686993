import { type ChildProcess, fork } from 'node:child_process';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { terminalSize, wantsTerminal } from '../attached-terminal.js';
import { OWN_FAILURE } from '../exit-status.js';
import type { ExecRequest } from '../request.js';
import { CONSOLE_SIGNALS, type ToBehind, type ToFront } from './half-messages.js';
import { Relays } from './relays.js';

/** The bundled second half. */
const BEHIND = fileURLToPath(new URL('behind.js', import.meta.url));
/** How long the other half may take to end after it has said that all is done. */
const EXIT_MS = 1000;

/**
 * Runs a command in a container from Windows. Nothing there ends a command with whoever started it, so this half only
 * starts another, which does the work and ends the command when this one is gone, however that happens.
 */
export async function execOnWindows(request: ExecRequest): Promise<number> {
  const terminal = wantsTerminal();
  // A console is this half's alone: the other has none, so that Ctrl-C, and libuv's job object, which ends children with
  // their parent, do not reach it.
  const stdio = ([0, 1, 2] as const).map((fd) => (isatty(fd) ? 'pipe' : 'inherit'));
  const behind = fork(BEHIND, [], { detached: true, stdio: [...stdio, 'ipc'] });
  const send = (message: ToBehind): void => {
    // It may have ended in this moment; then its status is on the way.
    behind.send(message, () => {});
  };
  using relays = new Relays(behind);
  const onResize = (): void => send({ kind: 'resize', size: terminalSize() });
  const listeners = CONSOLE_SIGNALS.map((signal) => {
    const listener = (): void => send({ kind: 'signal', signal });
    process.on(signal, listener);
    return (): unknown => process.off(signal, listener);
  });
  behind.on('message', ({ kind }: ToFront) => {
    // Not before: until then Ctrl-C ends the attempt.
    if (kind === 'started' && terminal) relays.takeKeys();
  });
  if (terminal) process.stdout.on('resize', onResize);
  try {
    send({ kind: 'request', request, ...(terminal && { terminal: terminalSize() }) });
    return await statusOf(behind);
  } finally {
    for (const remove of listeners) remove();
    process.stdout.off('resize', onResize);
  }
}

/** Once all that it wrote has been read as well. */
async function statusOf(behind: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    behind.once('error', reject);
    behind.once('close', (code) => resolve(code ?? OWN_FAILURE));
    behind.on('message', (message: ToFront) => {
      if (message.kind === 'ended') setTimeout(resolve, EXIT_MS, message.status);
    });
  });
}
