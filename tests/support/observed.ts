import { closeSync, openSync, readFileSync } from 'node:fs';
import {
  type LearnOptions,
  type LearnReport,
  learnPolicy,
  type ObservedRun,
  checkPolicy,
  type Policy,
} from 'containerv-linux';
import { sharedRoot } from './root.js';
import { scratchPath } from './scratch.js';

/** What an observed program wrote, besides the report. */
export interface WithOutput {
  readonly stdout: string;
}

type Command = readonly [command: string, ...args: string[]];
type Learned = LearnReport<Policy> & WithOutput;

/** Learns on the fixtures' root directory, unless the options say otherwise. */
export async function learn([command, ...args]: Command, options: LearnOptions = {}): Promise<Learned> {
  return collecting(async (fd) =>
    learnPolicy(command, args, { ...onRoot(options), process: process(options, fd) }),
  );
}

export async function check(
  policy: Policy,
  [command, ...args]: Command,
  { container, process: own }: LearnOptions = {},
): Promise<ObservedRun & WithOutput> {
  const options = { container, process: own };
  return collecting(async (fd) =>
    checkPolicy(policy, command, args, { ...onRoot(options), process: process(options, fd) }),
  );
}

function onRoot(options: LearnOptions): LearnOptions {
  return { ...options, container: options.container ?? { rootfs: sharedRoot() } };
}

function process({ process: own }: LearnOptions, fd: number): LearnOptions['process'] {
  return { stdio: ['ignore', fd, 'inherit'], ...own };
}

async function collecting<Report>(run: (fd: number) => Promise<Report>): Promise<Report & WithOutput> {
  const file = scratchPath('output');
  const fd = openSync(file, 'w');
  try {
    const report = await run(fd);
    return { ...report, stdout: readFileSync(file, 'utf8') };
  } finally {
    closeSync(fd);
  }
}
