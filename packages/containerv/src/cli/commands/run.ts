import type { Container } from 'containerv-api';
import type { Command, ParsedLine, Surroundings } from '../command.js';
import { CONTAINER_OPTIONS, containerOptions } from '../container-options.js';
import { exitCodeOfSignal } from '../exit-code.js';
import { PROCESS_OPTIONS, processOptions } from '../process-options.js';
import { runProcess, wantsTerminal } from '../run-process.js';
import { StopSignals } from '../stop-signals.js';
import { usageError } from '../usage-error.js';

export const run: Command = {
  name: 'run',
  summary: 'Run a command in a new container and remove the container afterwards.',
  synopsis: '[options] [--] COMMAND [ARG...]',
  options: {
    ...CONTAINER_OPTIONS,
    ...PROCESS_OPTIONS,
    detach: { short: 'd', help: 'Print the id and leave the container running.' },
    quiet: { short: 'q', help: 'Do not print warnings.' },
  },
  notes:
    'A --layer is of type directory, overlay (a snapshot), image (a squashfs or erofs file), or host-directory,\n' +
    'which is mounted at TARGET, read-only unless :rw follows.\n' +
    'Put -- before a COMMAND that has an --env-file option: Node 20 would take it for its own.\n' +
    'The command has nothing of the environment of this program but what --env says.\n' +
    'Exit status: that of the command, 128+N when signal N ended it, 125 when containerv failed,\n' +
    '126 when the command cannot be executed, 127 when it is not found.',
  operands: [1, Infinity],
  wraps: true,
  async run(line, surroundings) {
    return line.switches.has('detach') ? runDetached(line, surroundings) : runAttached(line, surroundings);
  },
};

async function runAttached(line: ParsedLine, surroundings: Surroundings): Promise<number> {
  const terminal = wantsTerminal(line);
  const options = processOptions(line, surroundings);
  const creation = new AbortController();
  using signals = new StopSignals(surroundings.signals, () => creation.abort());
  try {
    const container = await create(line, surroundings, { detached: false, signal: creation.signal });
    try {
      return await runProcess(container, line.operands, options, terminal, signals, surroundings.stderr);
    } finally {
      // Nothing may interrupt the removal.
      signals.receiver = () => {};
      await container.destroy();
    }
  } catch (error) {
    if (creation.signal.aborted && signals.first !== undefined) return exitCodeOfSignal(signals.first);
    throw error;
  }
}

async function runDetached(line: ParsedLine, surroundings: Surroundings): Promise<number> {
  for (const option of ['tty', 'no-tty']) {
    if (line.switches.has(option))
      throw usageError(`--${option} and --detach exclude each other`, 'Give one of them.');
  }
  const options = processOptions(line, surroundings);
  const container = await create(line, surroundings, { detached: true });
  try {
    const [command = '', ...args] = line.operands;
    await container.spawn(command, args, { ...options, log: true, detached: true });
  } catch (error) {
    await container.destroy();
    throw error;
  }
  surroundings.stdout.write(`${container.id}\n`);
  return 0;
}

async function create(
  line: ParsedLine,
  { driver, stderr }: Surroundings,
  lifetime: { detached: boolean; signal?: AbortSignal },
): Promise<Container> {
  const container = await driver.createContainer({ ...containerOptions(line), ...lifetime });
  if (!line.switches.has('quiet')) {
    container.on('warning', ({ summary }) => stderr.write(`containerv: warning: ${summary}\n`));
  }
  return container;
}
