import type { Command } from '../command.js';

export const snapshot: Command = {
  name: 'snapshot',
  summary: 'Keep what a container changed as a layer for other containers.',
  synopsis: '[options] ID TARGET',
  notes: 'TARGET is a directory that is not there yet. Its path is printed when it is complete.',
  options: {},
  operands: [2, 2],
  async run({ operands: [id = '', target = ''] }, { driver, stdout }) {
    const { source } = await (await driver.joinContainer(id)).snapshot(target);
    stdout.write(`${source}\n`);
    return 0;
  },
};
