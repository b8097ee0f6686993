import type { ContainerOptions } from 'containerv-api';
import { createPolicy, FsAccess } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { guestOf } from '../src/documents/guest.js';
import { refuseUnsupported } from '../src/supported.js';
import { LINUX, specOf } from './support/hosts.js';

const check = (options: ContainerOptions, build = 20_348): void => {
  const spec = specOf(options);
  refuseUnsupported(spec, guestOf(spec, build));
};

describe('refuseUnsupported', () => {
  test.for([
    { rootfs: 'host' },
    { network: 'host' },
    { network: { bridge: 'br0' } },
    { devices: ['/dev/kvm'] },
    { users: [{ host: 0, container: 0, size: 1 }] },
    { namespaces: { pid: false } },
    { mounts: [{ source: '/a', target: '/b', recursive: false }] },
    { mounts: [{ source: '/a', target: '/b', create: false }] },
    { mounts: [{ type: 'tmpfs', target: '/b' }] },
    { rlimits: { nofile: 5 } },
    { writable: false },
    { writable: 'direct' },
    { oomScoreAdj: 5 },
    { bpfLsm: true },
    { windows: { schema: 'v1', volumes: ['v'] } },
    { windows: { ...LINUX.windows, volumes: ['v'] } },
    { windows: { volumes: Array.from({ length: 63 }, (_, index) => `v${index}`) } },
    { windows: { credentialSpec: '{}' } },
    { policy: createPolicy('build').addPaths(['/workspace'], FsAccess.All) },
    { ...LINUX, writable: 'tmpfs' },
    { ...LINUX, writable: 'overlay' },
    LINUX,
    { windows: { ...LINUX.windows, credentialSpec: '{}' } },
    { windows: { ...LINUX.windows, schema: 'v1' } },
  ] as const)('%j', (options) => {
    expect(() => check(options as ContainerOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_CONTAINERV_UNSUPPORTED' }),
    );
  });

  test.for([
    {},
    { network: {} },
    { windows: { isolation: 'process' } },
    { windows: { schema: 'v1', credentialSpec: '{}' } },
    { windows: { volumes: ['v', { name: 'w', target: '/w', readonly: true }] } },
    { windows: { isolation: 'process', schema: 'v1', volumes: ['v'] } },
    { ...LINUX, writable: false },
    { ...LINUX, writable: 'direct' },
    { ...LINUX, writable: 'direct', rlimits: { nofile: 5 }, mounts: [{ type: 'tmpfs', target: '/b' }] },
  ] as const)('%j is fine', (options) => {
    check(options);
  });

  test('Linux containers before build 17763', () => {
    expect(() => check(LINUX, 17_134)).toThrow(/schema v1/);
  });
});
