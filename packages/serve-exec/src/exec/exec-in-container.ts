import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { joinContainer } from 'containerv';
import type { SpawnOptions } from 'containerv-api';
import { AttachedTerminal, terminalSize, wantsTerminal } from './attached-terminal.js';
import { commandOptions } from './command-options.js';
import { explanationOf, statusOf, statusOfSignal } from './exit-status.js';
import { ForwardedSignals } from './forwarded-signals.js';
import { joinJob } from './job.js';
import { commandInside } from './paths-inside.js';
import type { ExecRequest } from './request.js';

const STDERR = 2;

/**
 * Runs a command in a container as if it were local: with this program's own descriptors or terminal, signals and exit
 * status, under the container's full confinement.
 */
export async function execInContainer(
  request: ExecRequest,
  say: (line: string) => void = (line) => process.stderr.write(line),
): Promise<number> {
  using signals = new ForwardedSignals();
  const container = await joinContainer(request.container);
  if (signals.first !== undefined) return statusOfSignal(signals.first);
  const withTerminal = wantsTerminal();
  const options: SpawnOptions = {
    ...commandOptions(request, container.guest),
    jobControl: true,
    ...(withTerminal ? terminalOptions() : { stdio: 'inherit' }),
  };
  const command = await container.spawn(commandInside(request.path, container.guest), request.args, options);
  if (!withTerminal) releaseStdio();
  using terminal = withTerminal ? new AttachedTerminal(command) : undefined;
  joinJob(command, terminal, signals);
  if (signals.first !== undefined) signals.receiver?.(signals.first);
  const status = await command.wait();
  const explanation = explanationOf(status);
  if (explanation !== undefined) say(`serve-exec: ${explanation}\n`);
  return statusOf(status);
}

function terminalOptions(): SpawnOptions {
  return isatty(STDERR) ? { tty: terminalSize() } : { tty: terminalSize(), stdio: ['pipe', 'pipe', STDERR] };
}

/** The command has its own now: what it closes must be closed, for who reads and writes at the other ends. */
function releaseStdio(): void {
  closeSync(0);
  closeSync(1);
}
