import { expect, test } from 'vitest';
import { resolveContainerOptions, resolveSpawnOptions } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

test.for([
  [undefined, undefined],
  ['0', [0]],
  ['3,0-1', [0, 1, 3]],
] as const)('%j', ([given, cpus]) => {
  expect(resolveContainerOptions({ cpuAffinity: given }).cpuAffinity).toEqual(cpus);
  expect(resolveSpawnOptions('x', [], { cpuAffinity: given }).cpuAffinity).toEqual(cpus);
});

test('a process has the container’s unless it has its own', () => {
  const container = resolveContainerOptions({ cpuAffinity: '1' });
  expect(resolveSpawnOptions('x', [], {}, container).cpuAffinity).toEqual([1]);
  expect(resolveSpawnOptions('x', [], { cpuAffinity: '2' }, container).cpuAffinity).toEqual([2]);
});

test.for(['', '-1', '2-1', '0,', 'all', '65536', 3, null])('%j is refused', (given) => {
  expectInvalid(() => resolveContainerOptions({ cpuAffinity: given as string }), '`cpuAffinity`');
});
