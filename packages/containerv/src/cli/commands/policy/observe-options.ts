import type { ObserveOptions } from 'containerv-api';
import type { OptionSpecs, ParsedLine, Surroundings } from '../../command.js';
import { CONTAINER_OPTIONS, containerOptions } from '../../container-options.js';
import { PROCESS_OPTIONS, processOptions } from '../../process-options.js';
import { StopSignals } from '../../stop-signals.js';

// Whoever is observed is denied by the observer, and its files are judged from what it did.
const { policy: _policy, 'bpf-lsm': _bpfLsm, ...ofContainer } = CONTAINER_OPTIONS;
const { tty: _tty, 'no-tty': _noTty, ...ofProcess } = PROCESS_OPTIONS;

/** Options of commands that run a program and watch it: those of `run`, without a policy and a terminal of its own. */
export const OBSERVE_OPTIONS: OptionSpecs = {
  ...ofContainer,
  ...ofProcess,
  quiet: { short: 'q', help: 'Do not print warnings.' },
};

export interface ObserveSetting {
  readonly options: ObserveOptions;
  /** Those that were caught and handed on. */
  readonly signals: StopSignals;
}

/** The caller disposes of `signals`. */
export function observeSetting(line: ParsedLine, surroundings: Surroundings): ObserveSetting {
  const { policy: _none, ...own } = containerOptions(line);
  const { stderr } = surroundings;
  const process = processOptions(line, surroundings);
  const signals = new StopSignals(surroundings.signals, () => {});
  return {
    signals,
    options: {
      container: own,
      process: { ...process, stdio: 'inherit' },
      onStart(kill) {
        signals.receiver = kill;
        // One that came while the container was made.
        if (signals.first !== undefined) kill(signals.first);
      },
      onWarning(summary) {
        if (!line.switches.has('quiet')) stderr.write(`containerv: warning: ${summary}\n`);
      },
    },
  };
}
