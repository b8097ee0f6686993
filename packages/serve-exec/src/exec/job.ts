import type { ContainerProcess } from 'containerv-api';
import type { AttachedTerminal } from './attached-terminal.js';
import { type ForwardedSignal, type ForwardedSignals, reachesGroup } from './forwarded-signals.js';

const STOP_TAKES_MS = 20;

/**
 * Makes one job of this program and the command: signals reach the command, and when the command is stopped this
 * program stops too, so that the shell above sees a stopped job, and both continue together.
 */
export function joinJob(
  command: ContainerProcess,
  terminal: AttachedTerminal | undefined,
  signals: ForwardedSignals,
): void {
  const send = (signal: NodeJS.Signals, group: boolean): void => {
    // It may have ended in this moment; then its status is on the way.
    command.kill(signal, { group }).catch(() => {});
  };
  const resume = (): void => {
    signals.listen('SIGTSTP');
    terminal?.resume();
    send('SIGCONT', true);
  };
  const stopWithCommand = (): void => {
    if (terminal === undefined) {
      process.kill(process.pid, 'SIGSTOP');
      return;
    }
    terminal.suspend();
    // As the terminal would have done it: the whole job, of which this program may be a part. Where nobody could
    // continue it the kernel does not stop it, and we go on.
    signals.ignore('SIGTSTP');
    process.kill(0, 'SIGTSTP');
    setTimeout(resume, STOP_TAKES_MS);
  };
  signals.receiver = (signal: ForwardedSignal) => {
    if (signal === 'SIGCONT') resume();
    // The size that changed is this terminal's; the command's follows it.
    else if (signal === 'SIGWINCH' && terminal !== undefined) return;
    // Outside of a terminal's session nothing but SIGSTOP stops it.
    else if (signal === 'SIGTSTP' && terminal === undefined) send('SIGSTOP', true);
    else send(signal, reachesGroup(signal));
  };
  command.on('stop', stopWithCommand);
}
