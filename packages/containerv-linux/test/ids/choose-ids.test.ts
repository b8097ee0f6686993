import { expect, test } from 'vitest';
import { kernelMapsLayers } from '../../src/ids/choose-ids.js';

test.for([
  ['5.18.0', false],
  ['5.19.0', true],
  ['5.4.0-200-generic', false],
  ['6.1.0-18-amd64', true],
  ['10.0', true],
  ['4.18.0', false],
  ['', false],
] as const)('Linux %s takes mapped mounts for layers: %s', ([release, wanted]) => {
  expect(kernelMapsLayers(release)).toBe(wanted);
});
