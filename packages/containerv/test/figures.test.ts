import { expect, test } from 'vitest';
import { bytesText, countText, percentText, sparkline } from '../src/cli/figures.js';
import { jsonLine } from '../src/cli/table.js';
import { cutToWidth, visibleText } from '../src/cli/visible-text.js';

test.for([
  [null, '-'],
  [0, '0B'],
  [1023, '1023B'],
  [1024, '1.0K'],
  [1.5 * 1024 ** 2, '1.5M'],
  [200 * 1024 ** 3, '200G'],
  [2 ** 62, '4096P'],
] as const)('%j bytes are %s', ([bytes, text]) => {
  expect(bytesText(bytes)).toBe(text);
});

test('what is not known is a hyphen', () => {
  expect([percentText(null), countText(null), percentText(12.34), countText(0)]).toEqual([
    '-',
    '-',
    '12.3',
    '0',
  ]);
});

test('history is bars, up to the most there was and at least a whole processor', () => {
  expect(sparkline([0, 50, 100])).toBe('▁▅█');
  expect(sparkline([0, 100, 200, null])).toBe('▁▅█ ');
  expect(sparkline([])).toBe('');
});

test.for([
  ['plain text', 'plain text'],
  ['\u001B[2J', String.raw`\x1b[2J`],
  ['\u009B2J', String.raw`\x9b2J`],
  ['a\r\nb\0', String.raw`a\x0d\x0ab\x00`],
  ['\u202Eevil', String.raw`\u{202e}evil`],
  ['e\u0301', String.raw`e\u{301}`],
  ['\u2028', String.raw`\u{2028}`],
  ['\uD800', String.raw`\u{d800}`],
  [String.raw`\x1b`, String.raw`\\x1b`],
  ['größe 漢字', 'größe 漢字'],
] as const)('%j is shown as %s', ([text, shown]) => {
  expect(visibleText(text)).toBe(shown);
});

test('lines are cut by columns, of which some characters take two', () => {
  expect(cutToWidth('short', 10)).toBe('short');
  expect(cutToWidth('exactly10!', 10)).toBe('exactly10!');
  expect(cutToWidth('eleven char', 10)).toBe('eleven ch…');
  expect(cutToWidth('漢字漢字', 5)).toBe('漢字…');
  expect(cutToWidth('▁▅█', 3)).toBe('▁▅█');
  expect(cutToWidth('x', 0)).toBe('');
});

test('no line of JSON holds what a terminal would obey, and it is the same JSON', () => {
  const value = { name: '\u001B[2J\u009B\u202E\u007F', bare: '\u{E0001}' };
  const line = jsonLine(value);
  expect(line).toMatch(/^[\u0020-\u007E]+\n$/);
  expect(JSON.parse(line)).toEqual(value);
});
