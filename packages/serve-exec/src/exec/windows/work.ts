import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { joinContainer } from 'containerv';
import type { ContainerProcess, ExitStatus, SpawnOptions, TerminalSize } from 'containerv-api';
import { commandOptions } from '../command-options.js';
import { explanationOf, statusOf, statusOfSignal } from '../exit-status.js';
import { commandInside } from '../paths-inside.js';
import type { ExecRequest } from '../request.js';
import type { ConsoleSignal } from './half-messages.js';
import { Outlet } from './outlet.js';

/** STATUS_CONTROL_C_EXIT, with which Windows ends what does not handle Ctrl-C or Ctrl-Break. */
const CONTROL_C_EXIT = 0xc000_013a;
/** How long the end of a command that was ended by force may take. */
const END_MS = 10_000;

/** One command in one container, on behalf of the half that was started. */
export class Work {
  #command: ContainerProcess | undefined;
  /** Asked to end before there was anything to end. */
  #asked = false;
  readonly #giveUp: () => void;

  /** @param giveUp ends this program */
  constructor(giveUp: () => void) {
    this.#giveUp = giveUp;
  }

  async run(request: ExecRequest, terminal: TerminalSize | undefined, onStart: () => void): Promise<number> {
    const container = await joinContainer(request.container);
    if (this.#asked) return statusOfSignal('SIGINT');
    const options: SpawnOptions = {
      ...commandOptions(request, container.guest),
      ...(terminal === undefined ? { stdio: 'pipe' } : { tty: terminal }),
    };
    const command = await container.spawn(
      commandInside(request.path, container.guest),
      request.args,
      options,
    );
    this.#command = command;
    if (this.#asked) this.end();
    onStart();
    const outlets = connect(command);
    const status = await command.wait();
    await Promise.all(outlets.map(async (outlet) => outlet.drained()));
    const explanation = explanationOf(status);
    if (explanation !== undefined) process.stderr.write(`serve-exec: ${explanation}\n`);
    return codeOf(status);
  }

  /** The console's signals are the command's; its end is the command's end. */
  signal(signal: ConsoleSignal): void {
    if (this.#command === undefined) this.#asked = true;
    else if (signal === 'SIGHUP') this.end();
    // A Windows that cannot tell it so.
    else this.#command.kill(signal === 'SIGINT' ? 'SIGINT' : 'SIGQUIT').catch(() => this.end());
  }

  resize(size: TerminalSize): void {
    // A command that has just ended has no size to set.
    this.#command?.resize(size).catch(() => {});
  }

  /** By force. */
  end(): void {
    this.#asked = true;
    if (this.#command === undefined) return;
    this.#command.kill('SIGKILL').catch(() => {});
    setTimeout(this.#giveUp, END_MS).unref();
  }
}

function connect({ stdin, stdout, stderr }: ContainerProcess): readonly Outlet[] {
  if (stdin !== null) {
    process.stdin.on('error', () => stdin.end());
    process.stdin.pipe(stdin);
    stdin.once('close', () => process.stdin.unpipe(stdin).pause());
  }
  const outlets: Outlet[] = [];
  if (stdout !== null) outlets.push(new Outlet(stdout, sink(1)));
  if (stderr !== null) outlets.push(new Outlet(stderr, sink(2)));
  return outlets;
}

/** Not `process.stdout`, which holds all else up, the end of the other half too, while a reader is slow. */
function sink(fd: 1 | 2): Writable {
  return createWriteStream('', { fd, autoClose: false });
}

/** Windows knows no signals: what was ended by the keys that were handed on, or then by force, has the code that they leave. */
function codeOf(status: ExitStatus): number {
  return status.cause === 'signal' ? CONTROL_C_EXIT : statusOf(status);
}
