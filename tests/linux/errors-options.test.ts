import { type ContainerOptions, createContainer, joinContainer } from 'containerv-linux';
import { afterEach, describe, expect, test } from 'vitest';
import { type ExpectedFailure, failure } from '../support/failure.js';
import { keptIds } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';

const INVALID = 'ERR_CONTAINERV_INVALID_OPTION';

afterEach(() => expect(keptIds(), 'left by a creation that was refused').toEqual([]));

describe('an option', () => {
  test.for<readonly [string, object, ExpectedFailure]>([
    ['with a name that is nearly one', { memroy: '1G' }, { code: INVALID, message: /`memroy`/ }],
    [
      'with a name that is nearly one',
      { rootFs: '/' },
      { code: INVALID, message: /`rootFs`.*Did you mean `rootfs`/ },
    ],
    ['with a name that is nothing like one', { qqqqqq: 1 }, { code: INVALID, message: /`qqqqqq`/ }],
    ['id, empty', { id: '' }, { code: INVALID, message: /`id`/ }],
    ['id, with a slash', { id: 'a/b' }, { code: INVALID, message: /`id`.*a\/b/ }],
    ['id, that is a way out', { id: '..' }, { code: INVALID, message: /`id`/ }],
    ['id, hidden', { id: '.hidden' }, { code: INVALID, message: /`id`/ }],
    ['id, too long', { id: 'a'.repeat(64) }, { code: INVALID, message: /`id`/ }],
    ['id, a number', { id: 5 }, { code: INVALID, message: /`id`.*5/ }],
    ['hostname, with a blank', { hostname: 'a b' }, { code: INVALID, message: /`hostname`/ }],
    ['cwd, relative', { cwd: 'srv' }, { code: INVALID, message: /`cwd`/ }],
    ['writable, unknown', { writable: 'yes' }, { code: INVALID, message: /`writable`.*overlay/ }],
    [
      'limits, of an unknown size',
      { limits: { memory: '12Q' } },
      { code: INVALID, message: /`limits.memory`.*12Q/ },
    ],
    ['network, unknown', { network: 'bridge' }, { code: INVALID, message: /`network`/ }],
    ['namespaces, unknown', { namespaces: { nett: false } }, { code: INVALID, message: /nett/, hint: /net/ }],
    [
      'namespaces.net without saying so',
      { namespaces: { net: false } },
      { code: INVALID, message: /network/, hint: /network: 'host'/ },
    ],
    ['oomScoreAdj, out of range', { oomScoreAdj: 1001 }, { code: INVALID, message: /`oomScoreAdj`/ }],
    [
      'sysctls, of the host',
      { sysctls: { 'kernel.core_pattern': '|/bin/sh' } },
      { code: INVALID, message: /kernel\.core_pattern/ },
    ],
    [
      'sysctls, two in one (CVE-2022-0811)',
      { sysctls: { 'kernel.shm_rmid_forced': '1+kernel.core_pattern=x' } },
      { code: /^ERR_CONTAINERV_/, message: /shm_rmid_forced/ },
    ],
    [
      'sysctls, with a path in the name',
      { sysctls: { 'net/../kernel/core_pattern': '1' } },
      { code: INVALID, message: /sysctls/ },
    ],
    ['detached, a string', { detached: 'yes' }, { code: INVALID, message: /`detached`/ }],
    ['env, a list', { env: ['A=b'] }, { code: INVALID, message: /`env`/ }],
    ['mounts, no list', { mounts: {} }, { code: INVALID, message: /`mounts`/ }],
    [
      'users, that overlap',
      {
        users: [
          { host: 0, container: 0, size: 10 },
          { host: 5, container: 5, size: 1 },
        ],
      },
      { code: INVALID, message: /users/ },
    ],
    [
      'users, beyond what is an id',
      { users: [{ host: 0, container: 0, size: 2 ** 33 }] },
      { code: INVALID, message: /users/ },
    ],
  ])('%s: %o', async ([, options, expected]) => {
    await failure(createContainer({ rootfs: sharedRoot(), ...options }), expected);
  });

  test.for<readonly [string, ContainerOptions]>([['namespaces.mount', { namespaces: { mount: false } }]])(
    '%s, which this version cannot honour, is refused and not ignored',
    async ([name, options]) => {
      await failure(createContainer({ rootfs: sharedRoot(), ...options }), {
        code: 'ERR_CONTAINERV_UNSUPPORTED',
        message: new RegExp(name),
        hint: /./,
      });
    },
  );

  test('that is no object', async () => {
    for (const options of [null, 5, 'host', []]) {
      await failure(createContainer(options as unknown as ContainerOptions), { code: INVALID });
    }
  });
});

test('joinContainer() takes ids only', async () => {
  for (const id of ['', '..', 'a/b', '../state'])
    await failure(joinContainer(id), { code: INVALID, message: /`id`/ });
  await failure(joinContainer(undefined as never), { code: INVALID });
});
