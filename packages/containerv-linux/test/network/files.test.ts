import { expect, test } from 'vitest';
import { namesOf, ownHosts, withNeighbours } from '../../src/network/hosts-file.js';
import { withoutLocalServers } from '../../src/network/resolv-conf.js';

test('name servers of the host’s loopback are left out, everything else stays', () => {
  const text =
    'search example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.1\n  nameserver ::1\noptions edns0\n';
  expect(withoutLocalServers(text)).toBe('search example.org\nnameserver 192.0.2.1\noptions edns0\n');
});

test.for(['', 'search example.org\n', 'nameserver 127.0.0.1\n', '# nameserver 192.0.2.1\n'])(
  '%j has no name server that can be reached',
  (text) => {
    expect(withoutLocalServers(text)).toBeUndefined();
  },
);

test('names that are pinned come before those of others, so that nobody can take their place', () => {
  const own = ownHosts({ addresses: ['10.0.0.2'], names: ['me'] }, [
    { name: 'registry.example', addresses: ['192.0.2.1', '192.0.2.2'] },
  ]);
  const hosts = withNeighbours(own, [{ addresses: ['10.0.0.3'], names: ['registry.example', 'x'] }]);
  expect(hosts.startsWith(own)).toBe(true);
  expect(hosts.indexOf('192.0.2.1\tregistry.example')).toBeLessThan(
    hosts.indexOf('10.0.0.3\tregistry.example x'),
  );
});

test('a container is called by host name, long and short, and by id', () => {
  expect(namesOf({ id: 'web-1', hostname: 'web.example.org' })).toEqual(['web.example.org', 'web', 'web-1']);
  expect(namesOf({ id: 'web', hostname: 'web' })).toEqual(['web']);
});
