import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isContainervError } from 'containerv-api';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type BaseDirectories,
  baseDirectories,
  type DirectoryContext,
  ensurePrivateDirectory,
  forgetDirectory,
} from '../../src/state/directories.js';
import { thrownBy } from '../support/thrown.js';

const USER = 1000;

function directoriesOf(env: DirectoryContext['env'], uid = USER): BaseDirectories {
  return baseDirectories({ env, uid, home: '/home/ann', temporary: '/tmp' });
}

test('root keeps them where services do', () => {
  const standard = { state: '/run/containerv', data: '/var/lib/containerv' };
  expect(directoriesOf({}, 0)).toEqual(standard);
  expect(directoriesOf({ XDG_RUNTIME_DIR: '/run/user/0', XDG_DATA_HOME: '/root/x' }, 0)).toEqual(standard);
});

test('a user keeps them where the XDG specification says', () => {
  expect(directoriesOf({ XDG_RUNTIME_DIR: '/run/user/1000', XDG_DATA_HOME: '/srv/ann' })).toEqual({
    state: '/run/user/1000/containerv',
    data: '/srv/ann/containerv',
  });
});

test.for([
  ['nothing is set', {}],
  [
    'what is set is relative, which the specification has ignored',
    { XDG_RUNTIME_DIR: 'run', XDG_DATA_HOME: './x' },
  ],
  ['what is set is empty', { XDG_RUNTIME_DIR: '', XDG_DATA_HOME: '' }],
] as const)('a user has standard places when %s', ([, env]) => {
  expect(directoriesOf(env)).toEqual({
    state: '/tmp/containerv-1000',
    data: '/home/ann/.local/share/containerv',
  });
});

test.for([0, USER])('our own variables come first, each by itself (uid %i)', (uid) => {
  const env = { XDG_RUNTIME_DIR: '/run/user/1000', CONTAINERV_STATE_DIR: '/s//x/../y' };
  expect(directoriesOf(env, uid)).toEqual({
    ...directoriesOf({ ...env, CONTAINERV_STATE_DIR: '' }, uid),
    state: '/s/y',
  });
  expect(directoriesOf({ CONTAINERV_DATA_DIR: '/d' }, uid).data).toBe('/d');
});

test.for(['CONTAINERV_STATE_DIR', 'CONTAINERV_DATA_DIR'])('%s has to be absolute', (name) => {
  expect(thrownBy(() => directoriesOf({ [name]: 'run' }))).toMatchObject({
    code: 'ERR_CONTAINERV_INVALID_OPTION',
    message: `Expected ${name} to be an absolute path, got 'run'`,
  });
});

describe('a base directory', () => {
  function place(): string {
    const made = mkdtempSync(path.join(tmpdir(), 'containerv-base-'));
    onTestFinished(() => rmSync(made, { recursive: true }));
    return path.join(made, 'base');
  }

  test('is made with the directories above it, for us alone', async () => {
    const directory = path.join(place(), 'below');
    await ensurePrivateDirectory(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  test('may be there and readable', async () => {
    const directory = place();
    mkdirSync(directory);
    chmodSync(directory, 0o755);
    await expect(ensurePrivateDirectory(directory)).resolves.toBeUndefined();
  });

  test.for([
    ['its group may write to it', (directory: string) => (mkdirSync(directory), chmodSync(directory, 0o770))],
    [
      'everybody may write to it',
      (directory: string) => (mkdirSync(directory), chmodSync(directory, 0o1777)),
    ],
    [
      'it is a link to a directory of ours',
      (directory: string) => symlinkSync(path.dirname(directory), directory),
    ],
  ] as const)('is refused when %s', async ([, make]) => {
    const directory = place();
    make(directory);
    const error: unknown = await ensurePrivateDirectory(directory).catch((reason: unknown) => reason);
    expect(isContainervError(error) && { code: error.code, path: error.path }).toEqual({
      code: 'ERR_CONTAINERV_PERMISSION',
      path: directory,
    });
    expect(error).toHaveProperty('hint', expect.stringContaining('CONTAINERV_STATE_DIR'));
  });

  test('is refused when it is a file', async () => {
    const directory = place();
    writeFileSync(directory, '');
    await expect(ensurePrivateDirectory(directory)).rejects.toThrow('EEXIST');
  });

  test('is looked at once, until it is forgotten', async () => {
    const directory = place();
    await ensurePrivateDirectory(directory);
    chmodSync(directory, 0o777);
    await expect(ensurePrivateDirectory(directory)).resolves.toBeUndefined();
    forgetDirectory(directory);
    await expect(ensurePrivateDirectory(directory)).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_PERMISSION',
    });
  });
});
