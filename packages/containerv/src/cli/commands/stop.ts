import { parseDuration } from 'containerv-api';
import type { Command } from '../command.js';

export const stop: Command = {
  name: 'stop',
  summary: 'End every process of containers; their files stay.',
  synopsis: '[options] ID...',
  options: {
    timeout: {
      value: 'DURATION',
      help: 'How long to wait between SIGTERM and SIGKILL, such as 500ms or 10s (10s).',
    },
  },
  operands: [1, Infinity],
  async run({ operands, values }, { driver, stdout }) {
    const timeout = parseDuration(values.get('timeout')?.[0] ?? '10s', '--timeout');
    for (const id of operands) {
      await (await driver.joinContainer(id)).stop({ timeout });
      stdout.write(`${id}\n`);
    }
    return 0;
  },
};
