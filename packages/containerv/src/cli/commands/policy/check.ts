import type { Command } from '../../command.js';
import { exitCodeOf } from '../../exit-code.js';
import { POLICY_VALUE, readPolicy } from '../../policy-argument.js';
import { writeFileWhole } from '../../write-file-whole.js';
import { json } from '../../table.js';
import { usageError } from '../../usage-error.js';
import { describeDenials } from './describe-denials.js';
import { OBSERVE_OPTIONS, observeSetting } from './observe-options.js';

const DENIED = 1;

export const check: Command = {
  name: 'policy check',
  summary: 'Run a command under a policy and list what that denied.',
  synopsis: `[options] ${POLICY_VALUE} [--] COMMAND [ARG...]`,
  options: {
    ...OBSERVE_OPTIONS,
    report: { value: 'FILE', help: 'Write the list to a file of JSON, too.' },
    'fail-on-denial': { help: 'Exit with 1 when something was denied to a command that succeeded.' },
  },
  notes:
    'What was denied goes to stderr when the command has ended, each with the rule that would allow it.\n' +
    'Exit status: as of containerv run.',
  operands: [2, Infinity],
  wraps: true,
  async run(line, surroundings) {
    const [name = '', ...rest] = line.operands;
    const [command, ...args] = rest[0] === '--' ? rest.slice(1) : rest;
    if (command === undefined) throw usageError('There is no command to run', 'Give it after the policy.');
    const policy = readPolicy(name);
    const { options, signals } = observeSetting(line, surroundings);
    using _caught = signals;
    const run = await surroundings.driver.checkPolicy?.(policy, command, args, options);
    if (run === undefined)
      throw usageError('This driver cannot observe programs', 'Check the policy on Linux.');
    surroundings.stderr.write(describeDenials(run.denied));
    if (run.denied.length === 0) surroundings.stderr.write(`containerv: '${policy.name}' denied nothing\n`);
    const report = line.values.get('report')?.[0];
    if (report !== undefined) writeFileWhole(report, json({ policy: policy.name, ...run }));
    const status = exitCodeOf(run.status);
    return status === 0 && run.denied.length > 0 && line.switches.has('fail-on-denial') ? DENIED : status;
  },
};
