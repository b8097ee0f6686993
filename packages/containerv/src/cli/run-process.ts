import type { Container, ContainerProcess, ExitStatus, SpawnOptions } from 'containerv-api';
import { attachTerminal, isInteractive, terminalSize } from './attach-terminal.js';
import type { ParsedLine, Surroundings } from './command.js';
import { exitCodeOf } from './exit-code.js';
import type { StopSignals } from './stop-signals.js';
import { usageError } from './usage-error.js';

/** Runs a command to its end as if it were local: streams, terminal, signals and exit status. */
export async function runProcess(
  container: Container,
  [command = '', ...args]: readonly string[],
  options: SpawnOptions,
  terminal: boolean,
  signals: StopSignals,
  stderr: Surroundings['stderr'],
): Promise<number> {
  const child = await container.spawn(command, args, {
    ...options,
    ...(terminal
      ? { tty: terminalSize(), stdio: 'pipe', env: { ...terminalType(), ...options.env } }
      : { stdio: 'inherit' }),
  });
  signals.receiver = (signal) => forward(child, signal);
  // One that came between the abort signal's last use and this line.
  if (signals.first !== undefined) forward(child, signals.first);
  using _attached = terminal ? attachTerminal(child) : undefined;
  const status = await child.wait();
  explain(status, stderr);
  return exitCodeOf(status);
}

/** What draws on this program's terminal has to know which one it is. */
function terminalType(): { readonly TERM?: string } {
  const { TERM } = process.env;
  return TERM === undefined ? {} : { TERM };
}

function forward(child: ContainerProcess, signal: NodeJS.Signals): void {
  // It may have ended in this moment; then its status is on the way.
  child.kill(signal).catch(() => {});
}

/** An exit status cannot say why; these causes would be a riddle. */
function explain({ cause }: ExitStatus, stderr: Surroundings['stderr']): void {
  const reasons: Partial<Record<ExitStatus['cause'], string>> = {
    oom: 'the command ran out of memory; --memory raises the limit',
    timeout: 'the command took longer than --timeout',
    seccomp: 'the command made a system call that the policy forbids',
    destroyed: 'the container ended before the command did',
  };
  const reason = reasons[cause];
  if (reason !== undefined) stderr.write(`containerv: ${reason}\n`);
}

/** `--tty`, `--no-tty`, or what this program itself has. */
export function wantsTerminal({ switches }: ParsedLine): boolean {
  if (switches.has('no-tty')) return false;
  if (switches.has('tty') && !isInteractive()) {
    throw usageError('--tty needs a terminal, but stdin or stdout is none', 'Leave --tty out.');
  }
  return isInteractive();
}
