import { describe, expect, test } from 'vitest';
import { resolveUvmImage } from '../src/lcow/uvm-image.js';
import { fakeLayers } from './support/fake-layers.js';

const image = fakeLayers({
  'C:\\lcow\\kernel': '',
  'C:\\lcow\\initrd.img': '',
  'C:\\lcow\\old\\vmlinux': '',
  'C:\\secret': '',
});
const resolve = async (more: object) => resolveUvmImage({ uvmImagePath: 'C:\\lcow', ...more }, image);

describe('resolveUvmImage', () => {
  test('finds the usual names', async () => {
    expect(await resolve({})).toEqual({ kernelPath: 'C:\\lcow\\kernel', initrdPath: 'C:\\lcow\\initrd.img' });
  });

  test('takes names below the folder', async () => {
    expect((await resolve({ kernelFile: 'old/vmlinux' })).kernelPath).toBe('C:\\lcow\\old\\vmlinux');
  });

  test.for([
    '..\\secret',
    '../secret',
    'old\\..\\..\\secret',
    'C:\\secret',
    '\\secret',
    '/secret',
    'C:secret',
    'kernel:stream',
    'NUL',
    'nul.txt',
    'kernel.',
    'kernel ',
    '.. \\secret',
    'a\\\\b',
    '',
    'k*',
    '\\\\?\\C:\\secret',
    '\\\\server\\share\\x',
  ])('refuses %j', async (kernelFile) => {
    await expect(resolve({ kernelFile })).rejects.toMatchObject({ code: 'ERR_CONTAINERV_INVALID_OPTION' });
    await expect(resolve({ initrdFile: kernelFile })).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_INVALID_OPTION',
    });
  });

  test.for([
    [{ kernelFile: 'vmlinuz' }, 'ERR_CONTAINERV_NOT_FOUND'],
    [{ uvmImagePath: 'D:\\none' }, 'ERR_CONTAINERV_NOT_FOUND'],
    [{ uvmImagePath: 'relative' }, 'ERR_CONTAINERV_INVALID_OPTION'],
    [{ bootParameters: 'a\nb' }, 'ERR_CONTAINERV_INVALID_OPTION'],
  ] as const)('%j is %s', async ([more, code]) => {
    await expect(resolve(more)).rejects.toMatchObject({ code });
  });
});
