import type { ContainerOptions } from 'containerv-api';
import { createPolicy, FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { refuseUnsupported, refuseUnsupportedPolicy } from '../src/supported.js';
import { specOf } from './support/spec.js';
import { thrownBy } from './support/thrown.js';

describe('what this driver does not enforce is refused, never left out', () => {
  test.for<[string, ContainerOptions]>([
    ['`network` as an object', { network: { nat: true } }],
    ['`devices`', { devices: ['/dev/fuse'] }],
    ['`namespaces.mount: false`', { namespaces: { mount: false } }],
    [
      "layers of type 'image'",
      {
        layers: [
          { type: 'directory', source: '/a' },
          { type: 'image', source: '/b.squashfs' },
        ],
      },
    ],
  ])('%s', ([part, options]) => {
    const error = thrownBy(() => refuseUnsupported(specOf(options)));
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check options' });
    expect(error.summary).toContain(part);
    expect(error.hint).toContain('less than you asked for');
  });
});

describe('what it enforces is not', () => {
  test.for<ContainerOptions>([
    {},
    { policy: 'minimal' },
    { policy: 'custom' },
    { policy: createPolicy('build').addPaths(['/srv'], FsAccess.Read) },
    { policy: createPolicy('minimal').setSecurityLevel('strict') },
    { policy: createPolicy('build').addNetworkRules([]), network: 'none' },
    { policy: createPolicy('build').addNetworkRules([]), network: 'host' },
    { layers: [{ type: 'directory', source: '/a' }] },
  ])('%j', (options) => {
    expect(() => refuseUnsupported(specOf(options))).not.toThrow();
  });
});

test('rules for a network of the container’s own are refused, also of a process', () => {
  const policy = createPolicy('build').addNetworkRules([]);
  expect(thrownBy(() => refuseUnsupportedPolicy(policy, 'private')).summary).toContain('network rules');
});
