import { fc, property } from './property.js';
import { expect, test } from 'vitest';
import { didYouMean, nearestName } from '../src/index.js';

const names = ['memory', 'swap', 'cpus', 'cpuWeight', 'cpuPercent', 'pids', 'cpuset', 'io'];

test.for([
  ['memroy', 'memory'],
  ['memeory', 'memory'],
  ['Memory', 'memory'],
  ['cpu', 'cpus'],
  ['cpu-weight', 'cpuWeight'],
  ['cpuweigth', 'cpuWeight'],
  ['pid', 'pids'],
  ['sawp', 'swap'],
] as const)('%s was meant to be %s', ([given, meant]) => {
  expect(nearestName(given, names)).toBe(meant);
});

test.for(['', 'network', 'xyz', 'constructor', 'ab'])('nothing is near to %s', (given) => {
  expect(nearestName(given, names)).toBeUndefined();
});

test('the first of equally near names is taken, an exact one always', () => {
  expect(nearestName('cat', ['bat', 'hat'])).toBe('bat');
  expect(nearestName('hat', ['bat', 'hat'])).toBe('hat');
});

test('a suggestion is a sentence, or nothing', () => {
  expect(didYouMean('memroy', names)).toBe(' Did you mean `memory`?');
  expect(didYouMean('network', names)).toBe('');
});

property([fc.constantFrom(...names.filter((name) => name.length > 3)), fc.nat()])(
  'one swap of neighbours is always found',
  (name, position) => {
    const at = position % (name.length - 1);
    const swapped = name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2);
    expect(nearestName(swapped, [name])).toBe(name);
  },
);

property([fc.string(), fc.array(fc.string())])(
  'what is found is one of the candidates',
  (name, candidates) => {
    const found = nearestName(name, candidates);
    if (found !== undefined) expect(candidates).toContain(found);
  },
);
