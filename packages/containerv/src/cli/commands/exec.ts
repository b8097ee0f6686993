import type { Command } from '../command.js';
import { POLICY_VALUE, policyOption } from '../policy-argument.js';
import { PROCESS_OPTIONS, processOptions } from '../process-options.js';
import { runProcess, wantsTerminal } from '../run-process.js';
import { StopSignals } from '../stop-signals.js';
import { exitCodeOfSignal } from '../exit-code.js';

export const exec: Command = {
  name: 'exec',
  summary: 'Run a command in a container that runs already.',
  synopsis: '[options] ID [--] COMMAND [ARG...]',
  options: {
    ...PROCESS_OPTIONS,
    policy: {
      value: POLICY_VALUE,
      help: "A policy of its own, as for run; it can only narrow the container's (none).",
    },
  },
  notes: 'Exit status: as of containerv run.',
  operands: [2, Infinity],
  wraps: true,
  async run(line, surroundings) {
    const [id = '', ...rest] = line.operands;
    const command = rest[0] === '--' ? rest.slice(1) : rest;
    const terminal = wantsTerminal(line);
    const options = {
      ...processOptions(line, surroundings),
      policy: policyOption(line.values.get('policy')?.[0]),
    };
    using signals = new StopSignals(surroundings.signals, () => {});
    const container = await surroundings.driver.joinContainer(id);
    if (signals.first !== undefined) return exitCodeOfSignal(signals.first);
    return runProcess(container, command, options, terminal, signals, surroundings.stderr);
  },
};
