import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { errnoText, linuxErrnoName } from '../src/index.js';

test.for([
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [8, 'ENOEXEC'],
  [13, 'EACCES'],
  [35, 'EDEADLK'],
  [40, 'ELOOP'],
  [42, 'ENOMSG'],
  [59, 'EBFONT'],
  [95, 'EOPNOTSUPP'],
  [117, 'EUCLEAN'],
  [122, 'EDQUOT'],
  [133, 'EHWPOISON'],
] as const)('errno %i is %s', ([number, name]) => {
  expect(linuxErrnoName(number)).toBe(name);
});

test.for([0, -2, 41, 58, 134, 4095, 1.5])('number %d has no name', (number) => {
  expect(linuxErrnoName(number)).toBe(`errno ${number}`);
});

test.runIf(process.platform === 'linux')('the table agrees with the one Node was built with', () => {
  // Names that share a number with another: the table holds the kernel's own name.
  const synonyms = new Set(['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK']);
  for (const [name, number] of Object.entries(constants.errno)) {
    if (!synonyms.has(name)) expect(linuxErrnoName(number)).toBe(name);
  }
});

test('a name comes with what it means', () => {
  expect(errnoText('ENOENT')).toBe('ENOENT, no such file or directory');
  expect(errnoText('ENOEXEC')).toBe('ENOEXEC, exec format error');
  expect(errnoText('errno 4095')).toBe('errno 4095');
});
