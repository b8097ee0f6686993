import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { ContainervError, isContainervError } from '../src/index.js';

const full = new ContainervError('ERR_CONTAINERV_LAYER', 'The lower directory cannot be used', {
  step: 'mount overlay',
  syscall: 'fsmount',
  errno: 'ENOENT',
  path: '/srv/root',
  hint: 'Make the directory.',
  cause: new Error('below'),
});

test('the message says step, what, path, syscall, errno and ends with the hint', () => {
  expect(full.message).toBe(
    "mount overlay: The lower directory cannot be used '/srv/root' (fsmount: ENOENT, no such file or directory)\n" +
      '  hint: Make the directory.',
  );
});

test('the summary is the message without the hint', () => {
  expect(`${full.summary}\n  hint: ${full.hint}`).toBe(full.message);
});

test('every detail is a field, and the cause is kept', () => {
  expect(full).toMatchObject({
    code: 'ERR_CONTAINERV_LAYER',
    step: 'mount overlay',
    syscall: 'fsmount',
    errno: 'ENOENT',
    path: '/srv/root',
    hint: 'Make the directory.',
  });
  expect(full.cause).toHaveProperty('message', 'below');
});

test('an uncaught error shows the hint once and no undefined fields', () => {
  const shown = inspect(full);
  expect(shown).toMatch(/^ContainervError: mount overlay/);
  expect(shown.match(/Make the directory/g)).toHaveLength(1);
  const bare = new ContainervError('ERR_CONTAINERV_STATE', 'The container is destroyed');
  expect(Object.keys(bare)).toEqual(['code']);
  expect(bare.message).toBe('The container is destroyed');
  expect('cause' in bare).toBe(false);
});

test.for([
  [{ errno: 'EPERM' }, 'No (EPERM, operation not permitted)'],
  [{ errno: 'ENOEXEC', syscall: 'execveat' }, 'No (execveat: ENOEXEC, exec format error)'],
  [{ syscall: 'clone3' }, 'No (clone3)'],
  [{ errno: 'EWHATEVER' }, 'No (EWHATEVER)'],
  [{ hresult: 0x8037_0109, syscall: 'HcsCreateComputeSystem' }, 'No (HcsCreateComputeSystem: 0x80370109)'],
  [{ hresult: -2_143_878_903 }, 'No (0x80370109)'],
  [{ path: '/x' }, "No '/x'"],
] as const)('details %j read %s', ([details, message]) => {
  expect(new ContainervError('ERR_CONTAINERV_SYSTEM', 'No', details).message).toBe(message);
});

test('a path that the text has already is not said twice', () => {
  const error = new ContainervError('ERR_CONTAINERV_NOT_FOUND', "No directory '/x/y'", { path: '/x/y' });
  expect(error.message).toBe("No directory '/x/y'");
});

test('the name is on the prototype and survives in the stack', () => {
  expect(Object.hasOwn(full, 'name')).toBe(false);
  expect(full.stack).toMatch(/^ContainervError/);
});

test('errors of another copy of the package are recognised by code', () => {
  const foreign = Object.assign(new Error('x'), { code: 'ERR_CONTAINERV_STATE' });
  expect(isContainervError(foreign)).toBe(true);
  expect(isContainervError(full)).toBe(true);
  expect(isContainervError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
  expect(isContainervError(undefined)).toBe(false);
});
