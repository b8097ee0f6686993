import { expect, test } from 'vitest';
import { parseChanges } from '../../src/layers/changes.js';

const GIVEN = new Set(['/root', '/etc', '/etc/hosts', '/workspace']);

function parsed(...records: string[]): string[] {
  return parseChanges(Buffer.from(records.map((record) => `${record}\0`).join('')), GIVEN).map(
    ({ path, kind }) => `${kind} ${path}`,
  );
}

test('letters are kinds, sorted by path, of any name', () => {
  expect(parsed('D f b', 'A d a\nA f x', 'M f A')).toEqual(['modified /A', 'added /a\nA f x', 'deleted /b']);
});

test('what the container was given is not added but modified, directories not even that', () => {
  expect(parsed('A d root', 'A f root/x', 'A d etc', 'A f etc/hosts', 'A d workspace')).toEqual([
    'modified /etc/hosts',
    'added /root/x',
  ]);
});

test('a white-out over nothing deletes only what the container was given', () => {
  expect(parsed('W f nothing', 'W f etc/hosts')).toEqual(['deleted /etc/hosts']);
});

test('nothing is nothing', () => {
  expect(parsed()).toEqual([]);
});
