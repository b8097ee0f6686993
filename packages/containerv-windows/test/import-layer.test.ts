import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unpackLayer } from '../src/layers/tar/unpack-layer.js';
import { linkReparseData } from '../src/layers/transport/backup-stream.js';
import { layerChanges } from '../src/layers/transport/layer-changes.js';
import { removeTombstones } from '../src/layers/transport/remove-tombstones.js';
import { readTombstones } from '../src/layers/transport/tombstones.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'containerv-layer-'));
});
afterEach(async () => rm(directory, { recursive: true }));

interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly content?: string;
  readonly link?: string;
  readonly pax?: Readonly<Record<string, string>>;
}

function header(name: string, type: string, size: number, link = ''): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(`${(1_000_000_000).toString(8).padStart(11, '0')}\0`, 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (String(length).length + Buffer.byteLength(rest) !== length) length++;
  return `${length}${rest}`;
}

function tarOf(entries: readonly Entry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, type = '0', content = '', link, pax } of entries) {
    if (pax !== undefined) {
      const records = Buffer.from(
        Object.entries(pax)
          .map(([key, value]) => paxRecord(key, value))
          .join(''),
      );
      blocks.push(header('pax', 'x', records.length), padded(records));
    }
    const bytes = Buffer.from(content);
    blocks.push(header(name, type, bytes.length, link), padded(bytes));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

async function unpack(tar: Buffer): Promise<Awaited<ReturnType<typeof unpackLayer>>> {
  const file = path.join(directory, 'layer.tar');
  await writeFile(file, tar);
  await rm(path.join(directory, 'out'), { recursive: true, force: true });
  await mkdir(path.join(directory, 'out'));
  return unpackLayer(file, path.join(directory, 'out'));
}

async function out(name: string): Promise<Buffer> {
  return readFile(path.join(directory, 'out', name));
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const stream = (id: number, attributes: number, data: Buffer, name = ''): Buffer => {
  const text = Buffer.from(name, 'utf16le');
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([word(id), word(attributes), size, word(text.length), text, data]);
};

describe('unpackLayer', () => {
  test('writes attributes and streams in the order that BackupWrite wants', async () => {
    const descriptor = Buffer.from('010004800000', 'hex');
    const pax = {
      'MSWINDOWS.fileattr': '33',
      'MSWINDOWS.rawsd': descriptor.toString('base64'),
      'MSWINDOWS.xattr.NAME': Buffer.from('value').toString('base64'),
    };
    await unpack(
      tarOf([
        { name: 'Files', type: '5' },
        { name: 'Files/dir', type: '5', pax: { 'MSWINDOWS.fileattr': '8208' } },
        { name: 'Files/dir/a.txt', content: 'hello', pax },
        { name: 'Files/dir/a.txt:zone', content: 'alternate' },
        { name: 'Hives/System_Delta', content: 'regf' },
      ]),
    );
    const attributes = Buffer.concat([word(0), Buffer.from([0, 4, 5, 0]), Buffer.from('NAME\0value')]);
    expect(await out('Files/dir/a.txt')).toEqual(
      Buffer.concat([
        word(33),
        stream(3, 2, descriptor),
        stream(2, 0, attributes),
        stream(1, 0, Buffer.from('hello')),
        stream(4, 0, Buffer.from('alternate'), ':zone:$DATA'),
      ]),
    );
    expect(await out('Files/dir.$wcidirs$')).toEqual(word(8208));
    expect(await out('Hives/System_Delta')).toEqual(Buffer.from('regf'));
  });

  test('a directory that is not told of is made', async () => {
    await unpack(tarOf([{ name: './Files/a/b/c.txt', content: 'x' }]));
    expect(await readdir(path.join(directory, 'out', 'Files'))).toEqual(['a', 'a.$wcidirs$']);
    expect(await out('Files/a/b.$wcidirs$')).toEqual(word(0x10));
    expect(await out('Files/a/b/c.txt')).toEqual(Buffer.concat([word(0x20), stream(1, 0, Buffer.from('x'))]));
  });

  test('links are written as what they are to be, and lead nowhere here', async () => {
    const { hardLinks } = await unpack(
      tarOf([
        { name: 'Files/link', type: '2', link: 'C:\\Windows' },
        { name: 'Files/a.txt', content: 'x' },
        { name: 'Files/same.txt', type: '1', link: 'Files/a.txt' },
      ]),
    );
    expect(hardLinks).toEqual([{ path: 'Files/same.txt', target: 'Files/a.txt' }]);
    const data = linkReparseData('C:\\Windows', false);
    expect(await out('Files/link')).toEqual(Buffer.concat([word(0x420), stream(8, 0, data)]));
  });

  test('whiteouts are what the layer removes', async () => {
    const { tombstones } = await unpack(
      tarOf([{ name: 'Files/a/.wh.gone.txt' }, { name: 'Files/.wh.old', type: '5' }]),
    );
    expect(tombstones).toEqual(['a/gone.txt', 'old']);
  });

  test.for<readonly [string, readonly Entry[]]>([
    ['out of the layer', [{ name: 'Files/../../x' }]],
    ['absolute', [{ name: '/Files/x' }]],
    ['with a drive', [{ name: 'C:/x' }]],
    ['with a backslash', [{ name: 'Files\\x' }]],
    ['a device', [{ name: 'Files/nul' }]],
    ['metadata of a directory', [{ name: 'Files/a.$wcidirs$' }]],
    ['a utility machine', [{ name: 'UtilityVM/Files/x' }]],
    ['anywhere else', [{ name: 'etc/passwd' }]],
    ['twice', [{ name: 'Files/a' }, { name: 'Files/A' }]],
    ['in a file', [{ name: 'Files/a' }, { name: 'Files/a/b' }]],
    ['a removal out of the layer', [{ name: 'Files/.wh...' }]],
    ['opaque', [{ name: 'Files/a/.wh..wh..opq' }]],
    ['a link to what is not there', [{ name: 'Files/a', type: '1', link: 'Files/b' }]],
    ['a link out of the layer', [{ name: 'Files/a', type: '1', link: '../b' }]],
    ['a stream of another file', [{ name: 'Files/a' }, { name: 'Files/b' }, { name: 'Files/a:s' }]],
    ['a stream with a path', [{ name: 'Files/a' }, { name: 'Files/a:s/t' }]],
    ['a device node', [{ name: 'Files/a', type: '3' }]],
    ['security as text', [{ name: 'Files/a', pax: { 'MSWINDOWS.sd': 'O:BA' } }]],
    ['a directory that is a file', [{ name: 'Files/a', type: '5', pax: { 'MSWINDOWS.fileattr': '32' } }]],
  ])('%s is refused', async ([, entries]) => {
    const error = await unpack(tarOf(entries)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_CONTAINERV_LAYER' });
    expect(await readdir(directory)).toEqual(['layer.tar', 'out']);
  });

  test('damaged files are told as such', async () => {
    const whole = tarOf([{ name: 'Files/a', content: 'x'.repeat(2000) }]);
    const wrong = Buffer.from(whole);
    // A digit of its time.
    wrong[140] = 0x33;
    for (const broken of [
      wrong,
      whole.subarray(0, 1000),
      whole.subarray(0, 300),
      gzipSync(whole).subarray(0, 60),
    ]) {
      await expect(unpack(broken)).rejects.toMatchObject({ code: 'ERR_CONTAINERV_LAYER' });
    }
  });

  test.for(['ustar', 'gnu', 'pax'])('what tar writes as %s, gzipped', async (format) => {
    const long = path.join('Files', ...Array.from({ length: 6 }, (_, at) => `${at}${'n'.repeat(30)}`));
    await mkdir(path.join(directory, long), { recursive: true });
    await writeFile(path.join(directory, long, 'é漢.txt'), 'long');
    await symlink('é漢.txt', path.join(directory, long, 'link'));
    const tar = path.join(directory, 'made.tar.gz');
    execFileSync('tar', [`--format=${format}`, '-czf', tar, '-C', directory, 'Files']);
    await mkdir(path.join(directory, 'out'));
    await unpackLayer(tar, path.join(directory, 'out'));
    const file = await out(path.join(long, 'é漢.txt'));
    expect(file.subarray(-4).toString()).toBe('long');
    expect((await out(path.join(long, 'link'))).readUInt32LE(0)).toBe(0x420);
  });
});

describe('reparse data', () => {
  test('of a symbolic link that is found by itself, and of one beside', () => {
    expect(linkReparseData('C:/a', false).toString('hex')).toBe(
      '0c0000a0' +
        '28000000' +
        '0000' +
        '1000' +
        '1200' +
        '0800' +
        '00000000' +
        Buffer.from('\\??\\C:\\a\0C:\\a\0', 'utf16le').toString('hex'),
    );
    const relative = linkReparseData('..\\a', false);
    expect(relative.readUInt32LE(16)).toBe(1);
    expect(relative.subarray(20).toString('utf16le')).toBe('..\\a\0..\\a\0');
    expect(relative.readUInt16LE(4)).toBe(relative.length - 8);
  });

  test('of a junction has no flags, whatever it leads to', () => {
    expect(linkReparseData('a', true).subarray(16).toString('utf16le')).toBe('a\0a\0');
    const data = linkReparseData('\\??\\C:\\a', true);
    expect(data.readUInt32LE(0)).toBe(0xa0000003);
    expect(data.subarray(16).toString('utf16le')).toBe('\\??\\C:\\a\0\\??\\C:\\a\0');
  });
});

describe('what a layer removes', () => {
  test('is read', async () => {
    await writeFile(path.join(directory, 'tombstones.txt'), '\uFEFFVersion 1.0\r\n\\a\\b.txt\r\n\\c\r\n');
    expect(await readTombstones(directory)).toEqual(['a/b.txt', 'c']);
    await rm(path.join(directory, 'tombstones.txt'));
    expect(await readTombstones(directory)).toEqual([]);
  });

  test.for(['Version 2.0\n', '\uFEFFVersion 1.0\n\\..\\x\n', 'Version 1.0\nx\n', 'Version 1.0\n\\a:b\n', ''])(
    '%j is refused',
    async (text) => {
      await writeFile(path.join(directory, 'tombstones.txt'), text);
      await expect(readTombstones(directory)).rejects.toMatchObject({ code: 'ERR_CONTAINERV_LAYER' });
    },
  );

  test('goes from the layer, and nothing behind a link does', async () => {
    const layer = path.join(directory, 'layer');
    const outside = path.join(directory, 'outside');
    await mkdir(path.join(layer, 'Files', 'a'), { recursive: true });
    await mkdir(outside);
    for (const file of [path.join(layer, 'Files', 'a', 'x'), path.join(outside, 'x')])
      await writeFile(file, '');
    await symlink(outside, path.join(layer, 'Files', 'link'));
    await removeTombstones(layer, ['a/x', 'none/x']);
    expect(await readdir(path.join(layer, 'Files', 'a'))).toEqual([]);
    await expect(removeTombstones(layer, ['link/x'])).rejects.toMatchObject({ code: 'ERR_CONTAINERV_LAYER' });
    await removeTombstones(layer, ['link']);
    expect(await readdir(outside)).toEqual(['x']);
  });
});

test('changes: what is new, what was there, what is gone', async () => {
  const parent = path.join(directory, 'parent');
  await mkdir(path.join(parent, 'Files', 'dir'), { recursive: true });
  await writeFile(path.join(parent, 'Files', 'dir', 'old'), '');
  await mkdir(path.join(directory, 'Files', 'dir', 'new'), { recursive: true });
  await mkdir(path.join(directory, 'Files', '$Recycle.Bin'), { recursive: true });
  for (const name of [
    'dir.$wcidirs$',
    'dir/new.$wcidirs$',
    'dir/old',
    'dir/new/deep',
    '$Recycle.Bin/x',
    'back',
  ]) {
    await writeFile(path.join(directory, 'Files', name), '');
  }
  await writeFile(path.join(directory, 'tombstones.txt'), '\uFEFFVersion 1.0\r\n\\gone\r\n\\back\r\n');
  expect(await layerChanges(directory, [parent])).toEqual([
    { path: '/back', kind: 'added' },
    { path: '/dir/new', kind: 'added' },
    { path: '/dir/new/deep', kind: 'added' },
    { path: '/dir/old', kind: 'modified' },
    { path: '/gone', kind: 'deleted' },
  ]);
});
