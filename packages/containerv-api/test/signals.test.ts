import { constants } from 'node:os';
import { fc, property } from './property.js';
import { expect, test } from 'vitest';
import { type Signal, signalName, signalNumber } from '../src/index.js';
import { expectInvalid } from './invalid.js';

test.for([
  ['SIGTERM', 15],
  ['SIGKILL', 9],
  ['SIGIOT', 6],
  ['SIGPOLL', 29],
  ['SIGSYS', 31],
  ['SIGRTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['SIGRTMAX', 64],
  ['SIGRTMAX-1', 63],
  [0, 0],
  [9, 9],
  [64, 64],
] as const)('%s is number %i', ([signal, number]) => {
  expect(signalNumber(signal)).toBe(number);
});

test.for([
  '',
  'TERM',
  'sigterm',
  'SIGNOPE',
  'SIGRTMIN-1',
  'SIGRTMIN+31',
  'SIGRTMAX+1',
  'constructor',
  '__proto__',
  -1,
  65,
  1.5,
  Number.NaN,
  null,
])('%s is not a signal', (signal) => {
  expectInvalid(() => signalNumber(signal as Signal), 'Expected `signal` to be a signal');
});

test('the nearest name is suggested', () => {
  expectInvalid(
    () => signalNumber('SIGTREM' as Signal, 'killSignal'),
    '`killSignal`',
    'Did you mean `SIGTERM`?',
  );
});

test.for([
  [15, 'SIGTERM'],
  [32, 'SIG32'],
  [33, 'SIG33'],
  [34, 'SIGRTMIN'],
  [37, 'SIGRTMIN+3'],
  [64, 'SIGRTMIN+30'],
  [65, 'SIG65'],
] as const)('number %i is called %s', ([number, name]) => {
  expect(signalName(number)).toBe(name);
});

test.runIf(process.platform === 'linux')('the table agrees with the one Node was built with', () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    expect(signalNumber(name as Signal)).toBe(number);
  }
});

property([fc.integer({ min: 1, max: 64 })])('every name gives its number back', (number) => {
  if (number === 32 || number === 33) return;
  expect(signalNumber(signalName(number) as Signal)).toBe(number);
});
