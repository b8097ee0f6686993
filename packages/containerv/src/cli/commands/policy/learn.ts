import { existsSync } from 'node:fs';
import type { LearnReport } from 'containerv-api';
import type { Command, ParsedLine, Surroundings } from '../../command.js';
import { exitCodeOf } from '../../exit-code.js';
import { POLICY_VALUE, readPolicy, readPolicyFile } from '../../policy-argument.js';
import { json } from '../../table.js';
import { usageError } from '../../usage-error.js';
import { writeFileWhole } from '../../write-file-whole.js';
import { describeDenials } from './describe-denials.js';
import { OBSERVE_OPTIONS, observeSetting } from './observe-options.js';

const DEFAULT_FILE = 'containerv-policy.json';

export const learn: Command = {
  name: 'policy learn',
  summary: 'Run a command and write the policy that it needs.',
  synopsis: '[options] [--] COMMAND [ARG...]',
  options: {
    ...OBSERVE_OPTIONS,
    output: {
      short: 'o',
      value: 'FILE',
      help: `Its file; what is there is added to (${DEFAULT_FILE}).`,
    },
    replace: { help: 'Write a new policy over one that is there.' },
    within: {
      value: POLICY_VALUE,
      help: 'In force meanwhile, and the most that is learned (build+network).',
    },
    workspace: { value: 'PATH', help: 'A directory to allow as a whole (--workdir).' },
    'no-files': { help: 'Write no rules for files.' },
    always: { help: 'Write the policy even if the command fails.' },
  },
  notes:
    'Nothing is applied. Read the file (containerv policy show FILE), then use it: containerv run --policy FILE.\n' +
    'A signal that you send ends the command and counts as success.\n' +
    'Exit status: as of containerv run.',
  operands: [1, Infinity],
  wraps: true,
  async run(line, surroundings) {
    const [command = '', ...args] = line.operands;
    const last = (name: string): string | undefined => line.values.get(name)?.[0];
    const file = last('output') ?? DEFAULT_FILE;
    const within = last('within');
    const into = !line.switches.has('replace') && existsSync(file) ? readPolicyFile(file) : undefined;
    const { options, signals } = observeSetting(line, surroundings);
    using _caught = signals;
    const report = await surroundings.driver.learnPolicy?.(command, args, {
      ...options,
      within: within === undefined ? undefined : readPolicy(within),
      into,
      workspace: last('workspace'),
      files: line.switches.has('no-files') ? false : undefined,
    });
    if (report === undefined)
      throw usageError('This driver cannot observe programs', 'Learn the policy on Linux.');
    const status = exitCodeOf(report.status);
    const ended = status === 0 || signals.first !== undefined || line.switches.has('always');
    tell(report, line, surroundings, ended ? file : undefined);
    if (ended) writeFileWhole(file, json(report.policy));
    return status;
  },
};

function tell(
  { denied, warnings, policy }: LearnReport,
  { switches }: ParsedLine,
  { stderr }: Surroundings,
  file: string | undefined,
): void {
  stderr.write(describeDenials(denied));
  if (!switches.has('quiet')) {
    for (const warning of warnings) stderr.write(`containerv: warning: ${warning}\n`);
  }
  stderr.write(
    file === undefined
      ? 'containerv: the command failed, so no policy was written; --always writes it all the same\n'
      : `containerv: wrote '${policy.name}' to ${file}; read it: containerv policy show ${/[/.]/.test(file) ? file : `./${file}`}\n`,
  );
}
