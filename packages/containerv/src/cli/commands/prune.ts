import type { Command } from '../command.js';
import { json } from '../table.js';

const SOMETHING_LEFT = 1;

export const prune: Command = {
  name: 'prune',
  summary: 'Remove what programs that crashed left behind.',
  synopsis: '[options]',
  options: { json: { help: 'Print a JSON object.' } },
  notes: 'Exit status: 0, or 1 when something could not be removed.',
  operands: [0, 0],
  async run({ switches }, { driver, stdout, stderr }) {
    const report = await driver.pruneContainers();
    if (switches.has('json')) stdout.write(json(report));
    else {
      for (const { id, released } of report.removed) stdout.write(`${[id, ...released].join('\n  ')}\n`);
      for (const { id, message } of report.failed) stderr.write(`containerv: ${id}: ${message}\n`);
    }
    return report.failed.length > 0 ? SOMETHING_LEFT : 0;
  },
};
