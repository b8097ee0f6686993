import type { Command } from '../../command.js';
import { POLICY_VALUE, readPolicy } from '../../policy-argument.js';
import { json } from '../../table.js';

export const show: Command = {
  name: 'policy show',
  summary: 'Say what a policy allows, and why.',
  synopsis: `[options] ${POLICY_VALUE}`,
  options: { json: { help: 'Print it as a file of its own.' } },
  notes: 'Base policies can be combined: build+network.',
  operands: [1, 1],
  async run({ operands, switches }, { stdout }) {
    const policy = readPolicy(operands[0] ?? '');
    stdout.write(switches.has('json') ? json(policy) : policy.explain());
    return 0;
  },
};
