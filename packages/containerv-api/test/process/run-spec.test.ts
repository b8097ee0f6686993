import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { resolveRunOptions, type RunOptions } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

test('run collects both outputs, and stdin is empty', () => {
  expect(resolveRunOptions('x')).toMatchObject({
    stdio: [{ kind: 'ignore' }, { kind: 'pipe' }, { kind: 'pipe' }],
    input: undefined,
    encoding: 'utf8',
    maxBufferBytes: 64 * 1024 ** 2,
    reject: true,
    lines: false,
  });
});

test('every option arrives', () => {
  expect(
    resolveRunOptions('x', ['y'], {
      input: 'in',
      encoding: 'latin1',
      maxBuffer: 10,
      reject: false,
      lines: true,
      cwd: '/tmp',
      timeout: 5,
    }),
  ).toMatchObject({
    argv: ['x', 'y'],
    stdio: [{ kind: 'pipe' }, { kind: 'pipe' }, { kind: 'pipe' }],
    input: 'in',
    encoding: 'latin1',
    maxBufferBytes: 10,
    reject: false,
    lines: true,
    cwd: '/tmp',
    timeoutMs: 5,
  });
});

test('input may be text, bytes or a stream, even when empty', () => {
  for (const input of ['', new Uint8Array(), Readable.from(['x'])]) {
    const spec = resolveRunOptions('x', [], { input });
    expect(spec.input).toBe(input);
    expect(spec.stdio[0]).toEqual({ kind: 'pipe' });
  }
});

test('stdio decides over the default of run', () => {
  expect(resolveRunOptions('x', [], { stdio: ['inherit', 'pipe', 'inherit'] }).stdio).toEqual([
    { kind: 'fd', fd: 0 },
    { kind: 'pipe' },
    { kind: 'fd', fd: 2 },
  ]);
});

test.for([
  [{ input: 7 }, '`input`'],
  [{ input: {} }, '`input`'],
  [{ input: 'x', stdio: 'ignore' }, '`input` needs stdin to be a pipe'],
  [{ encoding: 'utf7' }, '`encoding` to be one of'],
  [{ encoding: null }, '`encoding`'],
  [{ maxBuffer: -1 }, '`maxBuffer`'],
  [{ maxBuffer: '1M' }, '`maxBuffer`'],
  [{ maxBuffer: Infinity }, '`maxBuffer`'],
  [{ reject: 0 }, '`reject`'],
  [{ lines: 'yes' }, '`lines`'],
  [{ lines: true, encoding: 'buffer' }, 'exclude each other'],
  [{ shel: true }, 'Unknown option `shel`'],
  [{ cwd: 'x' }, '`cwd`'],
] as const)('%j is refused', ([options, part]) => {
  expectInvalid(() => resolveRunOptions('x', [], options as unknown as RunOptions), part);
});
