import { expect, test } from 'vitest';
import { crashedAtExit } from './support/crashed-at-exit.mjs';

const CRASH = 'wine: Unhandled page fault on read access to 0000000000000000 at address 0000000170001000';
const run = { results: [{ ok: true }], ended: true, output: `${CRASH} (thread 0100)\n`, code: 5 };

test('a crash after the last result is one at the exit', () => {
  expect(crashedAtExit(run)).toBe(true);
});

test.each([
  ['before the last result', { ended: false }],
  ['without results', { results: [] }],
  ['after a bad result', { results: [{ ok: true }, { ok: false }] }],
  ['that is none: no message', { output: '' }],
  ['that is none: Node.js failed', { code: 1 }],
  ['that is none: it was killed', { code: null }],
  ['that is none: it went well', { code: 0 }],
])('a crash %s is none at the exit', (_name, difference) => {
  expect(crashedAtExit({ ...run, ...difference })).toBe(false);
});
