import { expect, test } from 'vitest';
import { type Mount, resolveContainerOptions, type ResolvedMount } from '../../src/index.js';
import { fc, property } from '../property.js';
import { expectInvalid } from '../invalid.js';

const resolve = (...mounts: Mount[]): readonly ResolvedMount[] =>
  resolveContainerOptions({ mounts }, { cwd: '/home/me' }).mounts;

test('a bind mount has the documented defaults', () => {
  expect(resolve({ source: 'src/', target: '//work//./src/' })).toEqual([
    {
      type: 'bind',
      source: '/home/me/src',
      target: '/work/src',
      readonly: false,
      create: true,
      recursive: true,
    },
  ]);
});

test('a tmpfs has the documented defaults', () => {
  expect(resolve({ type: 'tmpfs', target: '/scratch' })).toEqual([
    { type: 'tmpfs', target: '/scratch', readonly: false, create: true, sizeBytes: undefined },
  ]);
});

test('every field arrives, in order', () => {
  expect(
    resolve(
      { type: 'tmpfs', target: '/a', size: '64M', readonly: true, create: false },
      { type: 'bind', source: '/s', target: '/a/b', readonly: true, create: false, recursive: false },
    ),
  ).toEqual([
    { type: 'tmpfs', target: '/a', readonly: true, create: false, sizeBytes: 67_108_864 },
    { type: 'bind', source: '/s', target: '/a/b', readonly: true, create: false, recursive: false },
  ]);
});

test.for([
  [{ target: '/x' }, '`mounts[0].source` to be a path on the host'],
  [{ source: '', target: '/x' }, '`mounts[0].source`'],
  [{ source: '/s' }, '`mounts[0].target`'],
  [{ source: '/s', target: 'x' }, '`mounts[0].target`'],
  [{ source: '/s', target: '/a/../b' }, "without '..'"],
  [{ source: '/s', target: '/..' }, '`mounts[0].target`'],
  [{ source: '/s', target: '/a\nb' }, '`mounts[0].target`'],
  [{ source: '/s', target: '/a\0b' }, '`mounts[0].target`'],
  [{ source: '/s', target: '/' }, 'outside of / and /proc'],
  [{ source: '/s', target: '/./' }, 'outside of / and /proc'],
  [{ source: '/s', target: '/proc' }, 'outside of / and /proc'],
  [{ source: '/s', target: '//proc/./self' }, 'outside of / and /proc'],
  [{ source: '/s', target: '/x', type: 'overlay' }, '`mounts[0].type` to be one of'],
  [{ source: '/s', target: '/x', readonly: 'yes' }, '`mounts[0].readonly` to be a boolean'],
  [{ source: '/s', target: '/x', size: '1M' }, "`mounts[0].size` is for mounts of type 'tmpfs'"],
  [{ type: 'tmpfs', source: '/s', target: '/x' }, "`mounts[0].source` is for mounts of type 'bind'"],
  [{ type: 'tmpfs', target: '/x', recursive: true }, "`mounts[0].recursive` is for mounts of type 'bind'"],
  [{ type: 'tmpfs', target: '/x', size: 0 }, '`mounts[0].size` to be more than 0'],
  [{ type: 'tmpfs', target: '/x', size: 'max' }, '`mounts[0].size`'],
  ['/s:/x', '`mounts[0]` to be an object'],
  [null, '`mounts[0]` to be an object'],
] as const)('%j is refused', ([mount, part]) => {
  expectInvalid(() => resolve(mount as Mount), part);
});

test('a directory that only starts like /proc is one like any other', () => {
  expect(resolve({ source: '/s', target: '/process' })[0]?.target).toBe('/process');
});

const segment = fc.constantFrom('a', 'b', '.', '..', '', 'proc', 'x y');
property([fc.array(segment, { minLength: 1, maxLength: 6 })])('an accepted target is clean', (segments) => {
  const target = `/${segments.join('/')}`;
  try {
    const cleaned = resolve({ source: '/s', target })[0]?.target ?? '';
    expect(cleaned).toMatch(/^(?:\/[^/]+)+$/);
    expect(cleaned.split('/')).not.toContain('.');
    expect(cleaned.split('/').filter((part) => part !== '')).toEqual(
      segments.filter((part) => part !== '' && part !== '.'),
    );
  } catch (error) {
    expect(error).toHaveProperty('code', 'ERR_CONTAINERV_INVALID_OPTION');
    expect(segments.includes('..') || /^[./]*(?:proc(?:\/|$)|$)/.test(target)).toBe(true);
  }
});
