import { ContainervError } from 'containerv-api';
import { expect, test } from 'vitest';
import { explanationOf, statusOf, statusOfError } from '../src/exec/exit-status.js';
import { oneLine } from '../src/exec/one-line.js';

test('an error is one line with its hint, whatever is in it', () => {
  const error = new ContainervError('ERR_CONTAINERV_STATE', 'Bad\nname \u001B[31m', { hint: 'Do\r\n this.' });
  expect(oneLine(error)).toBe('serve-exec: Bad name [31m. Do this.\n');
  expect(oneLine(new Error('plain'))).toBe('serve-exec: plain\n');
  expect(oneLine('text')).toBe('serve-exec: text\n');
});

test('it has the words of the command line', () => {
  const error = (step: string): ContainervError =>
    new ContainervError('ERR_CONTAINERV_SPAWN', 'It failed', { step, hint: 'Choose another `cwd`.' });
  expect(oneLine(error('execute command'))).toBe('serve-exec: It failed. Choose another --wdir.\n');
  expect(oneLine(error('start process'))).toBe(
    'serve-exec: start process: It failed. Choose another --wdir.\n',
  );
});

test.for([
  ['ERR_CONTAINERV_SPAWN', 'find command', 'ENOENT', 127],
  ['ERR_CONTAINERV_SPAWN', 'execute command', 'ENOTDIR', 127],
  ['ERR_CONTAINERV_SPAWN', 'execute command', 'EACCES', 126],
  ['ERR_CONTAINERV_SPAWN', 'execute command', 'E2BIG', 126],
  ['ERR_CONTAINERV_SPAWN', 'start process', 'EAGAIN', 125],
  ['ERR_CONTAINERV_NOT_FOUND', 'enter working directory', 'ENOENT', 125],
] as const)('%s at %s with %s is %i', ([code, step, errno, status]) => {
  expect(statusOfError(new ContainervError(code, 'x', { step, errno }))).toBe(status);
});

test('statuses and explanations of ends', () => {
  expect(statusOfError(new Error('x'))).toBe(125);
  expect(statusOf({ exitCode: 7, signal: null })).toBe(7);
  expect(statusOf({ exitCode: null, signal: 'SIGKILL' })).toBe(137);
  expect(statusOf({ exitCode: null, signal: null })).toBe(125);
  expect(explanationOf({ cause: 'exit' })).toBeUndefined();
  expect(explanationOf({ cause: 'timeout' })).toMatch(/--timeout/);
});
