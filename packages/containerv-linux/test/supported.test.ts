import type { ContainerOptions } from 'containerv-api';
import { createPolicy, FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { refuseRulesOfProcess } from '../src/network/refuse-rules.js';
import { refuseUnsupported, refuseUnsupportedPolicy } from '../src/supported.js';
import { specOf } from './support/spec.js';
import { thrownBy } from './support/thrown.js';

describe('what this driver does not enforce is refused, never left out', () => {
  test.for<[string, ContainerOptions]>([['`namespaces.mount: false`', { namespaces: { mount: false } }]])(
    '%s',
    ([part, options]) => {
      const error = thrownBy(() => refuseUnsupported(specOf(options)));
      expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check options' });
      expect(error.summary).toContain(part);
      expect(error.hint).toContain('less than you asked for');
    },
  );
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
    ...(process.getuid?.() === 0
      ? [
          { policy: createPolicy('build').addNetworkRules([{ family: 'unix' }]), network: {} },
          {
            policy: createPolicy('build').addNetworkRules([{ family: 'unix', path: '/run/x' }]),
            network: {},
          },
          {
            policy: createPolicy('build').addNetworkRules([{ family: 'unix', allow: ['connect'] }]),
            network: {},
          },
          { network: { nat: true, egress: [], ports: [{ host: 1, container: 1 }] } },
        ]
      : []),
    { layers: [{ type: 'directory', source: '/a' }] },
    { layers: [{ type: 'image', source: '/b.squashfs' }] },
  ])('%j', (options) => {
    expect(() => refuseUnsupported(specOf(options))).not.toThrow();
  });
});

test.for<[string, () => void]>([
  ['processes that could change them', () => refuseUnsupportedPolicy(able.addNetworkRules([]), 'none')],
  ['processes that could change what `egress` became', () => refuseUnsupportedPolicy(able, 'private', true)],
  ['one process alone', () => refuseRulesOfProcess(createPolicy('build').addNetworkRules([]))],
])('network rules for %s are refused', ([, refused]) => {
  const error = thrownBy(refused);
  expect(error).toMatchObject({ code: 'ERR_CONTAINERV_UNSUPPORTED', step: 'check options' });
  expect(error.hint).not.toBe('');
});

const able = createPolicy('build').setCapabilities(['CAP_NET_ADMIN']);

test.for(['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_SYS_ADMIN', 'CAP_SYS_PTRACE'] as const)(
  'network rules do not go with %s',
  (capability) => {
    const policy = createPolicy('build').setCapabilities([capability]);
    expect(() => refuseUnsupportedPolicy(policy, 'private')).not.toThrow();
    expect(thrownBy(() => refuseUnsupportedPolicy(policy, 'private', true)).message).toContain(capability);
  },
);
