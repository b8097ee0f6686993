import type { Container } from 'containerv-api';
import type { Command } from '../command.js';

/** A command that does one thing to each of the containers that it is given, and prints their ids. */
export function eachContainer(
  name: string,
  summary: string,
  work: (container: Container) => Promise<void>,
): Command {
  return {
    name,
    summary,
    synopsis: '[options] ID...',
    options: {},
    operands: [1, Infinity],
    async run({ operands }, { driver, stdout }) {
      for (const id of operands) {
        await work(await driver.joinContainer(id));
        stdout.write(`${id}\n`);
      }
      return 0;
    },
  };
}
