import type { Change } from 'containerv-api';
import type { Command } from '../command.js';

const LETTERS: Readonly<Record<Change['kind'], string>> = { added: 'A', modified: 'M', deleted: 'D' };

export const diff: Command = {
  name: 'diff',
  summary: 'List what a container changed in its root: A added, M modified, D deleted.',
  synopsis: '[options] ID',
  options: { json: { help: 'Print one JSON object a line: path and kind.' } },
  operands: [1, 1],
  async run({ operands: [id = ''], switches }, { driver, stdout }) {
    for (const change of await (await driver.joinContainer(id)).changes()) {
      stdout.write(
        switches.has('json') ? `${JSON.stringify(change)}\n` : `${LETTERS[change.kind]} ${change.path}\n`,
      );
    }
    return 0;
  },
};
