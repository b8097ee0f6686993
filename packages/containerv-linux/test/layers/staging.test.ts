import { expect, test } from 'vitest';
import { parseRecord } from '../../src/layers/staging.js';

const staged = `/srv/layers/.containerv-snapshot-${'0a'.repeat(16)}`;

test('what a snapshot was begun in is found by its record', () => {
  expect(parseRecord(JSON.stringify({ id: 'one', staged }))).toEqual({ id: 'one', staged });
});

test.each([
  ['nothing', ''],
  ['half of it', JSON.stringify({ id: 'one', staged }).slice(0, -3)],
  ['null', 'null'],
  ['no container', JSON.stringify({ staged })],
  ['no path', JSON.stringify({ id: 'one' })],
  ['a relative path', JSON.stringify({ id: 'one', staged: staged.slice(1) })],
  ['a path with ..', JSON.stringify({ id: 'one', staged: `/a/../${staged}` })],
  ['another name', JSON.stringify({ id: 'one', staged: '/srv/layers' })],
  ['a longer name', JSON.stringify({ id: 'one', staged: `${staged}/usr` })],
])('%s leads to no directory', (_, text) => {
  expect(parseRecord(text)).toBeUndefined();
});
