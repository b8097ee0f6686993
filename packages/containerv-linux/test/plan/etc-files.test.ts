import type { ContainerOptions } from 'containerv-api';
import { expect, test } from 'vitest';
import { bindEtcFiles, bindHosts, etcFiles, placeEtcFiles } from '../../src/plan/etc-files.js';
import { specOf } from '../support/spec.js';

const HOST_RESOLV = 'nameserver 192.0.2.1\n';

function contentOf(path: string, options: ContainerOptions): string | undefined {
  return etcFiles(specOf(options), { resolvConf: HOST_RESOLV }).find((file) => file.path === path)?.content;
}

test('the host name is the container’s', () => {
  expect(contentOf('/etc/hostname', { hostname: 'web' })).toBe('web\n');
});

test('both loopback addresses have the host name, a long one in its short form too', () => {
  expect(contentOf('/etc/hosts', { hostname: 'web' })).toBe(
    '127.0.0.1\tlocalhost web\n::1\tlocalhost ip6-localhost ip6-loopback web\n',
  );
  expect(contentOf('/etc/hosts', { hostname: 'web.example.org' })).toContain(
    'localhost web.example.org web\n',
  );
});

test('name servers and hosts are those of its network', () => {
  expect(contentOf('/etc/resolv.conf', {})).toBe(HOST_RESOLV);
  const files = etcFiles(specOf({}), { resolvConf: '', hosts: '192.0.2.7\tweb\n' });
  expect(files).toContainEqual({ path: '/etc/hosts', content: '192.0.2.7\tweb\n' });
});

test('a file of the host that stands for /etc/hosts cannot be changed from inside', () => {
  expect(bindHosts('/run/x/hosts')).toMatchObject({
    op: 'bind',
    path: '/etc/hosts',
    source: '/run/x/hosts',
    attributes: expect.arrayContaining(['readonly']) as unknown,
  });
});

test('they go into a layer of their own', () => {
  expect(placeEtcFiles([{ path: '/etc/x', content: 'text' }], 'layer')).toEqual([
    { op: 'file', place: 'staging', path: 'layer/etc/x', flags: [], content: 'text' },
  ]);
});

const rootfs = '/srv/root';
test.for<[ContainerOptions, number]>([
  [{}, 0],
  [{ writable: false }, 0],
  [{ rootfs }, 0],
  [{ rootfs, writable: 'tmpfs' }, 0],
  [{ rootfs, writable: 'direct' }, 1],
  [{ rootfs, writable: false }, 1],
])('%j: over the files of a directory that is kept, %i is bound', ([options, count]) => {
  const bound = bindEtcFiles(specOf(options), [{ path: '/etc/x', content: 'text' }]);
  expect(bound).toHaveLength(count);
  for (const each of bound)
    expect(each).toEqual({ op: 'file', path: '/etc/x', flags: ['bound', 'skip-missing'], content: 'text' });
});
