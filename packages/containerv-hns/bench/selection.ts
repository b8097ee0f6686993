// How long it takes to score 10,000 networks, beside the least that could be done with them: looking at each once.
import { endpointV1 } from '../src/documents/endpoint-v1.js';
import { endpointV2 } from '../src/documents/endpoint-v2.js';
import { endpointSettings } from '../src/endpoint-settings.js';
import type { HnsNetwork } from '../src/hns-network.js';
import { rankNetworks, selectNetwork } from '../src/rank-networks.js';
import { EVERYTHING, NAT, NETWORK_ID } from '../test/support/options.js';

const COUNT = 10_000;
const ROUNDS = 50;
const TYPES = ['NAT', 'ICS', 'Transparent', 'L2Bridge', 'Overlay'];
const networks = Array.from(
  { length: COUNT },
  (_, index): HnsNetwork => ({
    ...NAT,
    id: `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
    name: `network ${index}`,
    type: TYPES[index % TYPES.length] ?? 'NAT',
    switchName: `Switch ${(index * 7919) % COUNT}`,
  }),
);

function median(run: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}

const settings = endpointSettings('web', NAT, EVERYTHING);
const many = (build: () => unknown) => (): void => {
  for (let index = 0; index < COUNT; index++) build();
};
const rows: readonly (readonly [string, () => unknown])[] = [
  [
    'floor: one comparison of lower-case names',
    () => networks.filter((network) => network.name.toLowerCase() === 'x'),
  ],
  ['rank by type alone', () => rankNetworks(networks)],
  ['rank, the name matches one', () => rankNetworks(networks, 'switch 77')],
  ['rank, the name is part of all', () => rankNetworks(networks, 'network')],
  ['select, the name matches none', () => selectNetwork(networks, 'nothing')],
  ['endpoint settings', many(() => endpointSettings('web', NAT, EVERYTHING))],
  ['endpoint documents, older form', many(() => JSON.stringify(endpointV1(settings, NETWORK_ID)))],
  ['endpoint documents, newer form', many(() => JSON.stringify(endpointV2(settings, NETWORK_ID)))],
];
const lines = rows.map(([name, run]) => `${name.padEnd(46)} ${median(run).toFixed(2).padStart(9)}`);
process.stdout.write(
  `${`ms for ${COUNT} (median of ${ROUNDS})`.padEnd(46)} ${'ms'.padStart(9)}\n${lines.join('\n')}\n`,
);
