import { existsSync } from 'node:fs';
import {
  checkContainerId,
  type Container,
  isContainervError,
  type TransferOptions,
  type TransferReport,
} from 'containerv-api';
import type { Command, Surroundings } from '../command.js';
import { exitCodeOfSignal } from '../exit-code.js';
import { StopSignals } from '../stop-signals.js';
import { usageError } from '../usage-error.js';

const SOMETHING_FAILED = 1;

export const cp: Command = {
  name: 'cp',
  summary: 'Copy files, directories and links into a container or out of it.',
  synopsis: '[options] SRC DST',
  options: {
    recursive: { short: 'r', help: 'Nothing else: directories are always copied whole.' },
    archive: { short: 'a', help: 'Keep owners on the way out too (as root).' },
    quiet: { short: 'q', help: 'Do not show progress.' },
  },
  notes:
    'One of SRC and DST is ID:PATH, absolute in the container. DST is the name of the copy; end it with a\n' +
    'slash to put the copy into that directory. A directory is merged into one that is\n' +
    'there, a file replaces a file.\n' +
    'Modes, times, holes and user attributes are kept; owners on the way in. Set-id bits never come out.\n' +
    'Exit status: 0, 1 when something could not be copied, 125 when nothing was tried.',
  operands: [2, 2],
  async run({ operands: [source = '', target = ''], switches }, surroundings) {
    const [from, to] = [sideOf(source), sideOf(target)];
    if (from.id === undefined && to.id === undefined) {
      throw usageError(
        'Neither SRC nor DST is in a container',
        'Write ID:/path for the side in the container.',
      );
    }
    if (from.id !== undefined && to.id !== undefined) {
      throw usageError(
        'SRC and DST are both in a container',
        'Copy out of the one first, then into the other.',
      );
    }
    const abort = new AbortController();
    using signals = new StopSignals(surroundings.signals, () => abort.abort());
    const container = await surroundings.driver.joinContainer(from.id ?? to.id ?? '');
    const options: TransferOptions = {
      signal: abort.signal,
      reject: false,
      ...(switches.has('archive') ? { preserveOwner: true } : {}),
      ...progress(switches.has('quiet'), surroundings),
    };
    try {
      const report = await copy(container, from, to, options);
      return tell(report, surroundings);
    } catch (error) {
      const aborted = isContainervError(error) && error.code === 'ERR_CONTAINERV_ABORTED';
      if (aborted && signals.first !== undefined) return exitCodeOfSignal(signals.first);
      throw error;
    }
  },
};

interface Side {
  /** `undefined`: this machine. */
  readonly id: string | undefined;
  readonly path: string;
}

async function copy(
  container: Container,
  from: Side,
  to: Side,
  options: TransferOptions,
): Promise<TransferReport> {
  const files = [{ from: from.path, to: to.path }];
  return from.id === undefined ? container.upload(files, options) : container.download(files, options);
}

/** `ID:/path`, or a path of this machine. What may be meant as either is refused. */
function sideOf(text: string): Side {
  if (text === '-') {
    throw usageError(
      '- is not a file',
      'For the content of one file: containerv exec ID -- cat PATH, or tee PATH.',
    );
  }
  const colon = text.indexOf(':');
  // As scp has it: a slash before the colon makes it a local path.
  if (colon === -1 || text.slice(0, colon).includes('/')) return { id: undefined, path: text };
  if (existsSync(text)) {
    throw usageError(
      `${text} is a file here, and names one in a container`,
      `Write ./${text} for the one here.`,
    );
  }
  const path = text.slice(colon + 1);
  if (!path.startsWith('/')) {
    throw usageError(
      `${text} is not ID:/PATH`,
      'A path in a container starts with a slash; a path here with a colon in it starts with ./',
    );
  }
  return { id: checkContainerId(text.slice(0, colon)), path };
}

function tell(report: TransferReport, { stderr }: Surroundings): number {
  for (const { error } of report.failures) {
    stderr.write(`containerv: ${error.summary}\n`);
  }
  const unlisted = report.failed - report.failures.length;
  if (unlisted > 0) stderr.write(`containerv: and ${unlisted} more\n`);
  return report.failed > 0 ? SOMETHING_FAILED : 0;
}

/** One line that is drawn over, for somebody who watches. */
function progress(quiet: boolean, { stderr }: Surroundings): Pick<TransferOptions, 'onProgress'> {
  if (quiet || stderr.isTTY !== true) return {};
  const startedAt = performance.now();
  let shown = false;
  return {
    onProgress({ bytes, entries }) {
      if (performance.now() - startedAt < 500 && !shown) return;
      shown = true;
      stderr.write(`\r\u001b[K${entries} copied, ${(bytes / 2 ** 20).toFixed(1)} MiB\r`);
    },
  };
}
