import { describe, expect, test } from 'vitest';
import {
  EMPTY_DIRECTORIES,
  ETC_ENTRIES,
  PACKAGE_STORES,
  SYSTEM_DIRECTORIES,
} from '../../src/plan/host-root.js';

const etc = ETC_ENTRIES.flatMap(({ names }) => names);

describe('what of /etc is shown', () => {
  test.for([
    'shadow',
    'gshadow',
    'sudoers',
    'sudoers.d',
    'ssh',
    'ssl',
    'ssl/private',
    'pki',
    'pki/tls',
    'pki/tls/private',
    'krb5.keytab',
    'docker',
    'kubernetes',
    'wireguard',
    'NetworkManager',
    'machine-id',
    'fstab',
    'crypttab',
    'mtab',
    'environment',
    'netrc',
    'default',
    '',
    '.',
  ])('%j is not', (name) => {
    expect(etc).not.toContain(name);
  });

  test('names stay below /etc and are there once', () => {
    for (const name of etc) expect(name).toMatch(/^[^/.][^/]*(\/[^/.][^/]*)*$/);
    expect(new Set(etc).size).toBe(etc.length);
  });

  test('nothing secret hides below a directory that is shown: none of them is one that holds keys', () => {
    const holdsKeys = new Set(['ssl', 'pki', 'pki/tls', 'ssh', 'ca-trust', 'letsencrypt']);
    expect(etc.filter((name) => holdsKeys.has(name))).toEqual([]);
  });

  test('each group says what it is for', () => {
    for (const { purpose } of ETC_ENTRIES) expect(purpose).not.toBe('');
  });
});

test('system directories hold programs and libraries, and nothing of users or services', () => {
  expect(SYSTEM_DIRECTORIES).toEqual(['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']);
});

test('package stores are the directories of packages, not of the databases beside them', () => {
  expect(PACKAGE_STORES).toEqual(['/nix/store', '/gnu/store']);
});

test("root's home is root's alone", () => {
  expect(EMPTY_DIRECTORIES.find(({ path }) => path === '/root')?.mode).toBe(0o700);
  expect(EMPTY_DIRECTORIES.find(({ path }) => path === '/var/tmp')?.mode).toBe(0o1777);
});
