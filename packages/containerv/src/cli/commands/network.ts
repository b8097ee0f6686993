import type { Command } from '../command.js';
import { styleFor } from '../style.js';
import { json, table } from '../table.js';
import { usageError } from '../usage-error.js';

export const network: Command = {
  name: 'network',
  summary: 'List private networks.',
  synopsis: '[options] ls',
  notes: 'A network is there as long as a container is on it.',
  options: { json: { help: 'Print a JSON array.' } },
  operands: [1, 1],
  async run({ switches, operands }, { driver, stdout, env }) {
    if (operands[0] !== 'ls')
      throw usageError(`Unknown command network ${operands[0]}`, 'Write containerv network ls.');
    const networks = (await driver.listNetworks?.()) ?? [];
    if (switches.has('json')) {
      stdout.write(json(networks));
      return 0;
    }
    const style = styleFor(stdout, env);
    const titles = ['NAME', 'SUBNET', 'HOST', 'SHARED', 'CONTAINERS'].map((title) => style('bold', title));
    const rows = networks.map(({ name, subnet, hostIp, shared, containers }) => [
      name,
      subnet,
      hostIp,
      shared ? 'yes' : 'no',
      containers.map(({ id, address }) => `${id} (${address})`).join(', '),
    ]);
    stdout.write(table([titles, ...rows]));
    return 0;
  },
};
