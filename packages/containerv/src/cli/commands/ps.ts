import type { ContainerInfo } from 'containerv-api';
import type { Command } from '../command.js';
import { styleFor } from '../style.js';
import { json, table } from '../table.js';

export const ps: Command = {
  name: 'ps',
  summary: 'List containers.',
  synopsis: '[options]',
  options: {
    json: { help: 'Print a JSON array.' },
    quiet: { short: 'q', help: 'Print ids only.' },
  },
  operands: [0, 0],
  async run({ switches }, { driver, stdout, env }) {
    const containers = await driver.listContainers();
    if (switches.has('json')) stdout.write(json(containers));
    else if (switches.has('quiet')) for (const { id } of containers) stdout.write(`${id}\n`);
    else {
      const style = styleFor(stdout, env);
      const titles = ['ID', 'STATE', 'INIT', 'CREATED', 'ROOT', 'POLICY'].map((title) =>
        style('bold', title),
      );
      stdout.write(table([titles, ...containers.map(row)]));
    }
    return 0;
  },
};

function row({ id, state, initPid, createdAt, rootfs, policy }: ContainerInfo): string[] {
  return [id, state, initPid === null ? '-' : String(initPid), createdAt.toISOString(), rootfs, policy];
}
