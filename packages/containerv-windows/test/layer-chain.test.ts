import { describe, expect, test } from 'vitest';
import { resolveLayerChain } from '../src/layers/layer-chain.js';
import { fakeLayers } from './support/fake-layers.js';

type Tree = Readonly<Record<string, string>>;

/** Layers with Files and a chain; `null`: without layerchain.json. */
function layers(chains: Readonly<Record<string, readonly string[] | null>>): Tree {
  return Object.fromEntries(
    Object.entries(chains).flatMap(([folder, chain]) => [
      [`${folder}\\Files\\`, ''] as const,
      ...(chain === null ? [] : [[`${folder}\\layerchain.json`, JSON.stringify(chain)] as const]),
    ]),
  );
}

const [A, B, C] = ['C:\\l\\a', 'C:\\l\\b', 'C:\\l\\c'];
const container = (chain: readonly string[]): Tree => ({ 'C:\\c\\layerchain.json': JSON.stringify(chain) });
const resolve = async (tree: Tree, folder = 'C:\\c', options = {}) =>
  resolveLayerChain(folder, fakeLayers(tree), options);

describe('one list, topmost parent first', () => {
  const complete = layers({ [A]: [B, C], [B]: [C], [C]: null });
  const nested = layers({ [A]: [B], [B]: [C], [C]: [] });
  test.for([
    ['a complete chain, as Docker writes it', { ...container([A, B, C]), ...complete }],
    ['a nested chain', { ...container([A]), ...nested }],
    ['a complete chain over nested ones', { ...container([A, B, C]), ...nested }],
    [
      'repetitions in other spellings',
      { ...container(['c:\\L\\A\\', '\\\\?\\C:\\l\\b', 'C:/l/./b', B.toUpperCase(), C]), ...complete },
    ],
    [
      'a chain in the wrong order that the parents correct',
      { ...container([A]), ...layers({ [A]: [B, C], [B]: [C], [C]: null }) },
    ],
    ['relative entries', { ...container(['..\\l\\a']), ...nested }],
    ['a byte order mark', { 'C:\\c\\layerchain.json': `\uFEFF${JSON.stringify([A, B, C])}`, ...complete }],
  ] as const)('%s', async ([, tree]) => {
    const chain = await resolve(tree);
    expect(chain.layers.map((layer) => layer.toLowerCase())).toEqual(
      [A, B, C].map((layer) => layer.toLowerCase()),
    );
    expect(chain.isLayer).toBe(false);
  });

  test('a parent that two layers share comes below both', async () => {
    const tree = { ...container([A, B]), ...layers({ [A]: [C], [B]: [C], [C]: null }) };
    expect((await resolve(tree)).layers).toEqual([A, B, C]);
  });

  test('a base layer by itself', async () => {
    for (const chain of ['null', '[]', undefined]) {
      const tree = {
        [`${A}\\Files\\`]: '',
        ...(chain === undefined ? {} : { [`${A}\\layerchain.json`]: chain }),
      };
      expect(await resolve(tree, A)).toEqual({ layers: [], isLayer: true, utilityVmPath: undefined });
    }
  });

  test('UNC and long paths, and layers that are disks', async () => {
    const far = '\\\\server\\share\\base';
    const long = `C:\\${'x'.repeat(200)}\\${'y'.repeat(200)}`;
    const tree = {
      ...container([`\\\\?\\${long}`, '\\\\?\\UNC\\server\\share\\base']),
      [`${long}\\layer.vhdx`]: '',
      [`${far}\\layer.vhd`]: '',
    };
    expect((await resolve(tree)).layers).toEqual([long, far]);
  });

  test.for([
    ['beside the file that lists it', 'C:\\c\\a'],
    ['in its parents folder', 'C:\\c\\parents\\a'],
  ] as const)('an entry that moved is found %s', async ([, folder]) => {
    const tree = { ...container(['D:\\gone\\a']), ...layers({ [folder]: null }) };
    expect((await resolve(tree)).layers).toEqual([folder]);
  });

  test('parentLayers stand in for the file', async () => {
    const tree = { ...container(['Z:\\gone']), ...nested };
    expect((await resolve(tree, 'C:\\c', { parentLayers: [A] })).layers).toEqual([A, B, C]);
  });

  test('reads every chain once', async () => {
    const fs = fakeLayers({ ...container([A, B, C]), ...complete });
    await resolveLayerChain('C:\\c', fs);
    expect(new Set(fs.reads).size).toBe(fs.reads.length);
  });
});

describe('what cannot be used is refused with ERR_CONTAINERV_LAYER', () => {
  test.for([
    ['corrupt JSON', { 'C:\\c\\layerchain.json': '[' }, /not JSON/],
    ['an object', { 'C:\\c\\layerchain.json': '{}' }, /not a list/],
    ['numbers', { 'C:\\c\\layerchain.json': '[1]' }, /not a list/],
    ['empty entries', { 'C:\\c\\layerchain.json': '[" "]' }, /not a list/],
    ['NUL', { 'C:\\c\\layerchain.json': '["C:\\\\a\\u0000"]' }, /not a list/],
    ['too much of it', { 'C:\\c\\layerchain.json': `["${'x'.repeat(2 ** 20)}"]` }, /too large/],
    ['a missing parent', container([A]), /parent layer .* does not exist/],
    ['a parent that is a file', { ...container([A]), [A]: '' }, /does not exist/],
    ['a folder that is no layer', { ...container([A]), [`${A}\\readme`]: '' }, /not a layer/],
    ['a layer that is its own parent', { ...container([A]), ...layers({ [A]: ['c:\\L\\A'] }) }, /circle/],
    ['a circle of two', { ...container([A]), ...layers({ [A]: [B], [B]: [A] }) }, /circle/],
    [
      'chains that contradict each other',
      { ...container([A, B]), ...layers({ [A]: [], [B]: [A] }) },
      /circle/,
    ],
    ['a container that is its own parent', { ...container(['C:\\c']), 'C:\\c\\Files\\': '' }, /circle/],
    ['a folder without anything', { 'C:\\c\\x': '' }, /neither parent layers nor content/],
    ['no folder', {}, /does not exist/],
  ] as const)('%s', async ([, tree, message]) => {
    await expect(resolve(tree as Tree)).rejects.toMatchObject({
      code: 'ERR_CONTAINERV_LAYER',
      message: expect.stringMatching(message) as string,
    });
  });

  test('an endless chain', async () => {
    const fs = fakeLayers({});
    const stat = async () => ({ isDirectory: () => true, isFile: () => false });
    const readFile = async (path: string) => JSON.stringify([`C:\\${path.length}`]);
    await expect(resolveLayerChain('C:\\c', { ...fs, stat, readFile })).rejects.toThrow(
      /more than 256|circle/,
    );
  });

  test('an error that is not about a missing file is not taken for one', async () => {
    const refuse = async (): Promise<never> => {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
    };
    const fs = { ...fakeLayers({ ...container([A]) }), readFile: refuse };
    await expect(resolveLayerChain('C:\\c', fs)).rejects.toThrow('EACCES');
  });
});

describe('the utility virtual machine', () => {
  const chain = { ...container([A, B]), ...layers({ [A]: [B], [B]: null }) };
  const withVm = { ...chain, [`${B}\\UtilityVM\\Files\\`]: '' };

  test('none', async () => {
    expect((await resolve(chain)).utilityVmPath).toBeUndefined();
  });
  test('the only one', async () => {
    expect((await resolve(withVm)).utilityVmPath).toBe(`${B}\\UtilityVM`);
  });
  test('of the topmost layer that has one', async () => {
    const tree = { ...withVm, [`${A}\\UtilityVM\\UtilityVM.vhdx`]: '' };
    expect((await resolve(tree)).utilityVmPath).toBe(`${A}\\UtilityVM`);
    expect((await resolve(tree, A)).utilityVmPath).toBe(`${A}\\UtilityVM`);
  });
  test('the one asked for first', async () => {
    const tree = { ...withVm, 'D:\\vm\\Files\\': '' };
    expect((await resolve(tree, 'C:\\c', { utilityVmPath: 'D:\\vm\\' })).utilityVmPath).toBe('D:\\vm');
  });
  test.for([
    ['missing', {}, 'D:\\vm', /does not exist/],
    ['empty', { 'D:\\vm\\x': '' }, 'D:\\vm', /neither Files nor/],
    ['of a layer, empty', { [`${A}\\UtilityVM\\x`]: '' }, undefined, /neither Files nor/],
  ] as const)('%s', async ([, more, utilityVmPath, message]) => {
    await expect(resolve({ ...chain, ...more }, 'C:\\c', { utilityVmPath })).rejects.toThrow(message);
  });
});
