import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { resolveStdio, type Stdio } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const pipe = { kind: 'pipe' };
const ignore = { kind: 'ignore' };
const fd = (number: number): object => ({ kind: 'fd', fd: number });

test.for([
  [undefined, [pipe, pipe, pipe]],
  ['pipe', [pipe, pipe, pipe]],
  ['ignore', [ignore, ignore, ignore]],
  ['inherit', [fd(0), fd(1), fd(2)]],
  [[], [pipe, pipe, pipe]],
  [['ignore'], [ignore, pipe, pipe]],
  [
    [null, 'inherit', undefined],
    [pipe, fd(1), pipe],
  ],
  [
    ['pipe', 1, 1],
    [pipe, fd(1), fd(1)],
  ],
  [
    ['pipe', 'pipe', 'pipe', 'inherit', null, 'pipe'],
    [pipe, pipe, pipe, fd(3), ignore, pipe],
  ],
] as const)('%j', ([stdio, resolved]) => {
  expect(resolveStdio(stdio as Stdio | undefined)).toEqual(resolved);
});

test('descriptor 0 is one like any other, and 64 entries are few enough', () => {
  expect(resolveStdio(['pipe', 0])[1]).toEqual(fd(0));
  expect(resolveStdio(Array.from({ length: 64 }, () => 'ignore' as const))).toHaveLength(64);
});

test('a stream with a descriptor is that descriptor, another is copied to', async () => {
  const file = createWriteStream('/dev/null');
  await once(file, 'open');
  const memory = new PassThrough();
  const [first, second] = resolveStdio([file, memory]);
  expect(first).toEqual(fd((file as unknown as { fd: number }).fd));
  expect(second).toEqual({ kind: 'stream', stream: memory });
  file.destroy();
  await once(file, 'close');
});

test("the descriptor of a closed stream is not used: it may be somebody else's by now", () => {
  const stale = Object.assign(new PassThrough(), { fd: 0 });
  expect(resolveStdio([stale])[0]).toEqual(fd(0));
  stale.destroy();
  expect(resolveStdio([stale])[0]).toEqual({ kind: 'stream', stream: stale });
});

test.for([
  ['ipc', '`stdio`'],
  ['overlapped', '`stdio`'],
  [['ipc'], '`stdio[0]`'],
  [[-1], '`stdio[0]`'],
  [[1.5], '`stdio[0]`'],
  [['pipe', {}], '`stdio[1]`'],
  [7, '`stdio`'],
  [Array(65).fill('ignore'), 'at most 64 entries'],
] as const)('%j is refused', ([stdio, part]) => {
  expectInvalid(() => resolveStdio(stdio as unknown as Stdio), part);
});
