import type { Command } from '../command.js';
import { LIMIT_OPTIONS, limitOptions } from '../limit-options.js';
import { usageError } from '../usage-error.js';

export const update: Command = {
  name: 'update',
  summary: 'Change the limits of a container while it runs.',
  synopsis: '[options] ID',
  options: LIMIT_OPTIONS,
  notes: 'What is not given stays as it is.',
  operands: [1, 1],
  async run(line, { driver }) {
    if (line.values.size === 0)
      throw usageError('containerv update needs a limit to change', 'For example --memory 1G.');
    const container = await driver.joinContainer(line.operands[0] ?? '');
    await container.update(limitOptions(line));
    return 0;
  },
};
