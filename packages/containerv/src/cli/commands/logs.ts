import { pipeline } from 'node:stream/promises';
import type { Command } from '../command.js';
import { exitCodeOfSignal } from '../exit-code.js';
import { StopSignals } from '../stop-signals.js';
import { usageError } from '../usage-error.js';

export const logs: Command = {
  name: 'logs',
  summary: 'Show what a detached process has written.',
  synopsis: '[options] ID [PID]',
  options: { follow: { short: 'f', help: 'Go on until all who could write have ended.' } },
  notes:
    'Of what containerv run --detach starts, the newest mebibyte of stdout and stderr is kept while the\n' +
    'container runs. PID is needed when several processes have a log.',
  operands: [1, 2],
  async run({ operands: [id = '', text], switches }, { driver, signals: source }) {
    if (text !== undefined && !/^\d{1,9}$/.test(text)) {
      throw usageError(`${text} is not a process id`, 'It is the id inside the container, a whole number.');
    }
    const abort = new AbortController();
    using signals = new StopSignals(source, () => abort.abort());
    const container = await driver.joinContainer(id);
    const pid = text === undefined ? undefined : Number(text);
    const stream = container.logs({ pid, follow: switches.has('follow') });
    try {
      await pipeline(stream, process.stdout, { end: false, signal: abort.signal });
    } catch (error) {
      if (signals.first !== undefined) return exitCodeOfSignal(signals.first);
      // A reader that went away, as of `containerv logs ID | head`, has what it wanted.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
    return 0;
  },
};
