import { fc, property } from './property.js';
import { expect, test } from 'vitest';
import { parseByteSize } from '../src/index.js';
import { expectInvalid } from './invalid.js';

test.for([
  [0, 0],
  [1, 1],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ['0', 0],
  ['1048576', 1_048_576],
  ['100B', 100],
  ['1K', 1024],
  ['256m', 268_435_456],
  ['512M', 536_870_912],
  ['1.5G', 1_610_612_736],
  ['64KiB', 65_536],
  ['64kib', 65_536],
  ['2TiB', 2 * 1024 ** 4],
  ['1P', 1024 ** 5],
  ['0.3K', 307],
] as const)('%s is %d bytes', ([size, bytes]) => {
  expect(parseByteSize(size)).toBe(bytes);
});

test.for([
  '12Q',
  '',
  'M',
  ' 512M',
  '512M ',
  '512 M',
  '-1M',
  '+1M',
  '1e3',
  '.5G',
  '1.G',
  '1.5',
  '1.5B',
  '1MB',
  '1kB',
  '1Ki',
  '0x10',
  '1_000',
  '512M512M',
  'max',
  '９M',
  '8P1',
  '9007199254740992',
  '8P',
  -1,
  1.5,
  Number.NaN,
  Infinity,
  2 ** 53,
  null,
  undefined,
  true,
  10n,
  ['1M'],
])('%s is refused', (size) => {
  expectInvalid(() => parseByteSize(size as string), 'Expected `size` to be a number of bytes');
});

test('the error names the option, the value and the units', () => {
  expectInvalid(
    () => parseByteSize('12Q', 'limits.memory'),
    '`limits.memory`',
    "`'12Q'` (string)",
    'powers of 1024',
  );
});

property([fc.nat(), fc.constantFrom('', 'K', 'M', 'G')])('whole sizes are exact', (count, unit) => {
  const factor = 1024 ** ['', 'K', 'M', 'G'].indexOf(unit);
  if (!Number.isSafeInteger(count * factor)) return;
  expect(parseByteSize(`${count}${unit}`)).toBe(count * factor);
});

property([fc.string()])('a string gives whole bytes or an error, never a guess', (text) => {
  if (/^\d+(\.\d+)?([kmgtp](ib)?)?$/i.test(text) || /^\d+b$/i.test(text)) return;
  expectInvalid(() => parseByteSize(text));
});
