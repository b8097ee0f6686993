import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as containerv from '../src/index.js';

test('the entry points of the contract are there', () => {
  const exported: Readonly<Record<string, unknown>> = containerv;
  for (const name of [
    'createContainer',
    'createPool',
    'joinContainer',
    'listContainers',
    'listNetworks',
    'pruneContainers',
    'probeHost',
    'parseByteSize',
    'parseDuration',
    'createPolicy',
    'learnPolicy',
    'checkPolicy',
    'ContainervError',
  ] as const) {
    expect(exported[name]).toBeTypeOf('function');
  }
  expect(containerv.parseByteSize('512M')).toBe(536_870_912);
  expect(containerv.createPolicy('build')).toBeInstanceOf(containerv.Policy);
});

test('importing the package loads no driver', () => {
  const index = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  const script = `await import(${JSON.stringify(index)}); console.log(Object.keys(process.env).length > 0)`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { CONTAINERV_DRIVER: '/no/such/driver.mjs' },
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
});
