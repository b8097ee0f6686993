import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  initPidFile,
  readInitPid,
  readStateFile,
  stateFile,
  type StateRecord,
} from '../../src/state/state-file.js';
import { fc } from '../support/property.js';

const directory = mkdtempSync(path.join(tmpdir(), 'containerv-state-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const RECORD: StateRecord = {
  version: 1,
  id: 'box',
  ownerPid: null,
  detached: true,
  createdAt: '2026-01-01T00:00:00.000Z',
  rootfs: 'host',
  policy: 'build',
  network: 'none',
  networkToken: null,
  dataDirectory: null,
  layer: {
    upper: '/data/box/upper',
    parts: [{ path: '', lower: [{ path: '/srv', image: false }] }],
    given: ['/tmp'],
  },
  cgroups: ['/sys/fs/cgroup/pids/containerv/box'],
  groups: { unified: null, v1: { pids: '/sys/fs/cgroup/pids/containerv/box' } },
  stopped: false,
  defaults: {
    cwd: '/',
    env: { PATH: '/bin' },
    user: { user: 0, group: 0 },
    rlimits: [],
    capabilities: '0',
    filter: 'BgAAAAAA/38=',
  },
};

async function read(text: string | Buffer): Promise<StateRecord | undefined> {
  writeFileSync(stateFile(directory), text);
  return readStateFile(directory);
}

test('a record is read as it was written', async () => {
  expect(await read(JSON.stringify(RECORD))).toEqual(RECORD);
  const owned = { ...RECORD, ownerPid: 12, dataDirectory: '/data/box' };
  expect(await read(JSON.stringify(owned))).toEqual(owned);
});

test('no file is no record', async () => {
  expect(await readStateFile(path.join(directory, 'missing'))).toBeUndefined();
});

test('a file that cannot be read is an error, not a missing container', async () => {
  await expect(readStateFile(path.join('/dev/null'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

describe('what is no record of ours', () => {
  test.for([
    ['nothing', ''],
    ['no JSON', '{"version": 1,'],
    ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['null', 'null'],
    ['an array', '[]'],
    ['a number', '1'],
    ['an empty object', '{}'],
    ['a prototype', JSON.stringify(RECORD).replace(/^\{/, '{"__proto__":').replace(/$/, '}')],
    ['a record inside of __proto__', `{"__proto__":${JSON.stringify(RECORD)}}`],
    ['a record inside of constructor', `{"constructor":{"prototype":${JSON.stringify(RECORD)}}}`],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    [
      'deep nesting in a field',
      JSON.stringify({ ...RECORD, defaults: 0 }).replace(
        '"defaults":0',
        `"defaults":${'{"a":'.repeat(100_000)}1`,
      ),
    ],
    ['a record that is too large', JSON.stringify({ ...RECORD, rootfs: 'x'.repeat(32 * 1024 * 1024) })],
  ] as const)('%s', async ([, text]) => {
    expect(await read(text)).toBeUndefined();
  });

  test.for<[keyof StateRecord, readonly unknown[]]>([
    ['version', [0, 2, '1', null]],
    ['id', [1, null, ['box'], {}]],
    ['ownerPid', ['12', 1.5, {}, false, 2 ** 53]],
    ['detached', [0, 'true', null]],
    ['createdAt', [0, null]],
    ['rootfs', [null, 5, {}]],
    ['policy', [null, {}]],
    ['network', [null, 1]],
    ['dataDirectory', [5, {}, ['/']]],
    ['cgroups', [null, 'a', {}, [1], [null], ['/a', {}]]],
    ['defaults', [null, 1, 'x']],
  ])('a record whose %s is of another type, or missing', async ([name, values]) => {
    for (const value of values)
      expect([value, await read(JSON.stringify({ ...RECORD, [name]: value }))]).toEqual([value, undefined]);
    const { [name]: _, ...rest } = RECORD;
    expect(await read(JSON.stringify(rest))).toBeUndefined();
  });

  test('any JSON at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 6 }), async (text) => {
        expect(await read(text)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});

test('__proto__ beside the fields changes no prototype', async () => {
  const text = JSON.stringify(RECORD).replace(/^\{/, '{"__proto__":{"detached":false,"polluted":true},');
  const record = await read(text);
  expect(record).toMatchObject({ detached: true, id: 'box' });
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  expect({}).not.toHaveProperty('polluted');
});

test.for([
  ['12', 12],
  ['12\n', 12],
  ['', null],
  ['0', null],
  ['-1', null],
  ['1.5', null],
  ['12 13', null],
  ['9'.repeat(400), null],
  ['init', null],
] as const)('the pid of init, written as %j, is %j', async ([text, pid]) => {
  writeFileSync(initPidFile(directory), text);
  expect(await readInitPid(directory)).toBe(pid);
});

test('without a file there is no init', async () => {
  expect(await readInitPid(path.join(directory, 'missing'))).toBeNull();
});
