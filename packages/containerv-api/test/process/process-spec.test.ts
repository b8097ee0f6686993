import { expect, test } from 'vitest';
import {
  resolveContainerOptions,
  resolveSpawnOptions,
  type SpawnOptions,
  type TerminalSize,
  checkTerminalSize,
} from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

test('a process takes over what its container says', () => {
  const container = resolveContainerOptions({
    cwd: '/work',
    env: { A: '1' },
    user: 1000,
    rlimits: { core: 0 },
  });
  expect(resolveSpawnOptions('make', ['-j2', ''], undefined, container)).toEqual({
    argv: ['make', '-j2', ''],
    cwd: '/work',
    env: container.env,
    user: { user: 1000, group: undefined, groups: undefined },
    stdio: [{ kind: 'pipe' }, { kind: 'pipe' }, { kind: 'pipe' }],
    tty: undefined,
    stderrApart: undefined,
    policy: undefined,
    rlimits: [{ name: 'core', resource: 4, soft: 0, hard: 0 }],
    timeoutMs: undefined,
    signal: undefined,
    killSignal: 15,
    jobControl: false,
    detached: false,
  });
});

test('every option arrives', () => {
  const { signal } = new AbortController();
  const spec = resolveSpawnOptions('x', [], {
    cwd: '/tmp/',
    env: { B: '2' },
    user: 'me:us',
    stdio: 'ignore',
    tty: { columns: 100, rows: 50 },
    policy: 'minimal',
    rlimits: { nofile: 5 },
    timeout: '2s',
    signal,
    killSignal: 'SIGKILL',
    jobControl: true,
    detached: true,
  });
  expect(spec).toMatchObject({
    cwd: '/tmp',
    env: { B: '2' },
    user: { user: 'me', group: 'us' },
    stdio: [{ kind: 'ignore' }, { kind: 'ignore' }, { kind: 'ignore' }],
    tty: { columns: 100, rows: 50 },
    policy: 'minimal',
    rlimits: [{ name: 'nofile', soft: 5 }],
    timeoutMs: 2000,
    killSignal: 9,
    jobControl: true,
    detached: true,
  });
  expect(spec.signal).toBe(signal);
  expect(Object.isFrozen(spec.stdio)).toBe(true);
});

test.for([
  [true, { columns: 80, rows: 24 }],
  [false, undefined],
] as const)('tty %s is %j', ([tty, size]) => {
  expect(resolveSpawnOptions('x', [], { tty }).tty).toEqual(size);
});

test('a timeout of 0 is none', () => {
  expect(resolveSpawnOptions('x', [], { timeout: 0 }).timeoutMs).toBeUndefined();
});

test.for([
  ['', []],
  ['a\0b', []],
  [7, []],
  [undefined, []],
] as const)('command %j is refused', ([command, args]) => {
  expectInvalid(() => resolveSpawnOptions(command as string, args), '`command`');
});

test.for([
  [['a\0'], '`args[0]`'],
  [['a', 7], '`args[1]`'],
  [[null], '`args[0]`'],
  ['-l', '`args` to be an array of strings'],
] as const)('arguments %j are refused', ([args, part]) => {
  expectInvalid(() => resolveSpawnOptions('ls', args as unknown as string[]), part);
});

test('options in the place of arguments get a hint', () => {
  expectInvalid(
    () => resolveSpawnOptions('ls', { cwd: '/' } as unknown as string[]),
    'Options are the third argument',
  );
});

test.for([
  [{ cwd: 'tmp' }, '`cwd`'],
  [{ timeout: '10' }, '`timeout`'],
  [{ timeout: -1 }, '`timeout`'],
  [{ killSignal: 0 }, '`killSignal` to be a signal that can end a process'],
  [{ killSignal: 'SIGNOPE' }, '`killSignal`'],
  [{ tty: 'yes' }, '`tty` to be an object'],
  [{ tty: { columns: 80 } }, '`tty.rows`'],
  [{ tty: { columns: 0, rows: 1 } }, '`tty.columns`'],
  [{ tty: { columns: 80, rows: 65_536 } }, '`tty.rows`'],
  [{ policy: 'none' }, '`policy`'],
  [{ signal: 'x' }, '`signal`'],
  [{ detached: 1 }, '`detached`'],
  [{ jobControl: 'yes' }, '`jobControl`'],
  [{ shell: true }, 'Unknown option `shell`'],
  [{ cdw: '/' }, 'Did you mean `cwd`?'],
  [{ input: 'x' }, 'Unknown option `input`'],
] as const)('%j is refused', ([options, part]) => {
  expectInvalid(() => resolveSpawnOptions('x', [], options as unknown as SpawnOptions), part);
});

test('a terminal size is checked by itself too', () => {
  expect(checkTerminalSize({ columns: 1, rows: 65_535 })).toEqual({ columns: 1, rows: 65_535 });
  expectInvalid(() => checkTerminalSize({ columns: 1 } as TerminalSize), '`size.rows`');
});

test.for<readonly [SpawnOptions, number | undefined]>([
  [{ tty: true }, undefined],
  [{ tty: true, stdio: 'inherit' }, undefined],
  [{ tty: true, stdio: ['inherit', 'inherit', 'inherit'] }, undefined],
  [{ tty: true, stdio: ['inherit', 'inherit', 5] }, 5],
  [{ stdio: ['inherit', 'inherit', 5] }, undefined],
])('with %j, stderr apart from the terminal is %s', ([options, fd]) => {
  expect(resolveSpawnOptions('x', [], options).stderrApart).toBe(fd);
});
