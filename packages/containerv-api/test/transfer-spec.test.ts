import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { resolveDownload, resolveUpload } from '../src/transfer/transfer-spec.js';
import { thrownBy } from './invalid.js';

test('paths are made absolute and clean; a slash at the end of `to` puts into it', () => {
  const files = [
    { from: 'a', to: '/x' },
    { from: '/h//b/', to: '/x//' },
    { from: './c/.', to: '/' },
  ];
  expect(resolveUpload(files, {}, '/cwd').trees).toEqual([
    { kind: 'tree', from: '/cwd/a', to: '/x', follow: false },
    { kind: 'tree', from: '/h/b', to: '/x/b', follow: true },
    { kind: 'tree', from: '/cwd/c', to: '/', follow: true },
  ]);
  const out = [
    { from: '/x', to: 'a' },
    { from: '/x/y/', to: 'a/' },
    { from: '/', to: '/all' },
  ];
  expect(resolveDownload(out, {}, '/cwd').trees).toEqual([
    { kind: 'tree', from: '/x', to: '/cwd/a', follow: false },
    { kind: 'tree', from: '/x/y', to: '/cwd/a/y', follow: true },
    { kind: 'tree', from: '/', to: '/all', follow: true },
  ]);
});

test('memory is content, whichever way it goes', () => {
  const stream = new PassThrough();
  const buffer = Buffer.from('x');
  expect(
    resolveUpload([
      { from: stream, to: '/a' },
      { from: buffer, to: '/b' },
    ]).contents,
  ).toEqual([
    { kind: 'content', from: stream, to: '/a' },
    { kind: 'content', from: buffer, to: '/b' },
  ]);
  expect(resolveDownload([{ from: '/a', to: stream }]).contents).toEqual([
    { kind: 'content', from: '/a', to: stream },
  ]);
});

test('owners are kept on the way in and not on the way out, unless something else is said', () => {
  expect(resolveUpload([])).toMatchObject({ preserveOwner: true, reject: true });
  expect(resolveDownload([])).toMatchObject({ preserveOwner: false, reject: true });
  expect(resolveDownload([], { preserveOwner: true, reject: false })).toMatchObject({
    preserveOwner: true,
    reject: false,
  });
});

test.for<readonly [string, () => unknown, RegExp]>([
  ['no list', () => resolveUpload({} as never), /`files`/],
  ['a relative path inside', () => resolveUpload([{ from: 'a', to: 'b' }]), /`files\[0\]\.to`/],
  ['`..` inside', () => resolveDownload([{ from: '/a/../b', to: 'b' }]), /`files\[0\]\.from`/],
  ['an unknown key', () => resolveUpload([{ from: 'a', to: '/b', mode: 1 } as never]), /`mode`/],
  ['an unknown option', () => resolveUpload([], { rejects: true } as never), /`reject`/],
  ['a number', () => resolveUpload([{ from: 1 as never, to: '/b' }]), /`files\[0\]\.from`/],
  ['content into a directory', () => resolveUpload([{ from: Buffer.from(''), to: '/b/' }]), /slash/],
  ['a name for the root', () => resolveDownload([{ from: '/', to: 'a/' }]), /no name/],
  ['an empty path', () => resolveDownload([{ from: '/a', to: '' }]), /`files\[0\]\.to`/],
  ['a progress that is no function', () => resolveUpload([], { onProgress: 1 as never }), /`onProgress`/],
])('refused: %s', ([, resolve, said]) => {
  const { code, message } = thrownBy(resolve);
  expect(code).toBe('ERR_CONTAINERV_INVALID_OPTION');
  expect(message).toMatch(said);
});
