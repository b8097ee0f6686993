// What containers wrote: listed, taken as layers, and used by others.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Container, ContainerOptions } from 'containerv-api';
import { importLayer } from '../../../packages/containerv-windows/src/index.js';
import { joinOn } from '../../../packages/containerv-windows/src/join-container.js';
import { driverHome, TODAY } from '../support/driver.js';
import { GUEST, inject, rejection } from '../support/fake.js';
import { after, afterEach, beforeEach, describe, test } from '../support/node-test.js';

const home = driverHome();
after(() => home.remove());
beforeEach(() => {
  mkdirSync(path.join(home.image.top, 'Files', 'app'), { recursive: true });
  mkdirSync(path.join(home.image.base, 'Files', 'Windows'), { recursive: true });
  for (const name of ['old.txt', 'gone.txt']) {
    writeFileSync(path.join(home.image.top, 'Files', 'app', name), name);
  }
});
afterEach(async () => home.checkNothingLeft());

/** A file as ExportLayer writes it: its attributes, and a stream of data. */
function transported(content: string): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0x20, 0);
  header.writeUInt32LE(1, 4);
  header.writeBigUInt64LE(BigInt(Buffer.byteLength(content)), 12);
  return Buffer.concat([header, Buffer.from(content)]);
}

/** What the fake's container is to have written. */
function write(
  id: string,
  files: Readonly<Record<string, string>>,
  tombstones: readonly string[] = [],
): void {
  const written = path.join(home.data, id, 'scratch', 'written');
  mkdirSync(path.join(written, 'Hives'), { recursive: true });
  mkdirSync(path.join(written, 'Files'));
  for (const [name, content] of Object.entries(files)) {
    let folder = path.join(written, 'Files');
    for (const part of name.split('/').slice(0, -1)) {
      folder = path.join(folder, part);
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}.$wcidirs$`, Buffer.from([0x10, 0, 0, 0]));
    }
    writeFileSync(path.join(written, 'Files', name), transported(content));
  }
  const lines = ['\uFEFFVersion 1.0', ...tombstones.map((name) => `\\${name.replaceAll('/', '\\')}`), ''];
  writeFileSync(path.join(written, 'tombstones.txt'), lines.join('\r\n'));
}

const FILES = { 'app/new/deep.txt': 'deep', 'app/old.txt': 'changed', 'top.txt': 'top' };

async function stopped(options: ContainerOptions): Promise<Container> {
  const container = await home.create({ id: 'web', ...options });
  assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
  await container.stop();
  write('web', FILES, ['app/gone.txt']);
  return container;
}

for (const isolation of ['process', 'hyperv'] as const) {
  describe(`${isolation} isolation`, () => {
    test('changes, by path', async () => {
      await using container = await stopped({ windows: { isolation } });
      assert.deepEqual(await container.changes(), [
        { path: '/app/gone.txt', kind: 'deleted' },
        { path: '/app/new', kind: 'added' },
        { path: '/app/new/deep.txt', kind: 'added' },
        { path: '/app/old.txt', kind: 'modified' },
        { path: '/top.txt', kind: 'added' },
      ]);
      await container.start();
      assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
    });

    test('a snapshot is a layer for others', async () => {
      const target = path.join(home.image.folder, `tools-${isolation}`);
      await using container = await stopped({ windows: { isolation } });
      const layer = await container.snapshot(target);
      assert.deepEqual(layer, { type: 'directory', source: target });
      assert.deepEqual(JSON.parse(readFileSync(path.join(target, 'layerchain.json'), 'utf8')), [
        home.image.top,
        home.image.base,
      ]);
      const files = path.join(target, 'Files');
      assert.equal(readFileSync(path.join(files, 'app', 'new', 'deep.txt'), 'utf8'), 'deep');
      assert.equal(readFileSync(path.join(files, 'app', 'old.txt'), 'utf8'), 'changed');
      assert.equal(existsSync(path.join(files, 'app', 'gone.txt')), false);
      await using other = await home.create({
        id: 'other',
        rootfs: undefined,
        layers: [layer],
        windows: { isolation },
      });
      assert.equal((await other.run(GUEST, ['both'])).stdout, 'out');
      const again = await rejection(container.snapshot(target));
      assert.deepEqual([again['code'], again['path']], ['ERR_CONTAINERV_EXISTS', target]);
    });
  });
}

describe('a layer is imported', () => {
  /** An entry of a tar file, POSIX ustar. */
  function entry(name: string, content: string, type = '0', link = ''): Buffer {
    const block = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
    block.write(name, 0);
    block.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    block.write(' '.repeat(8), 148);
    block.write(`${type}${link}`, 156);
    block.write('ustar\x0000', 257);
    const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0`, 148);
    block.write(content, 512);
    return block;
  }

  test('from the tar file of an OCI layer, and used', async () => {
    const tar = path.join(home.image.folder, 'layer.tar');
    const target = path.join(home.image.folder, 'imported');
    const entries = [
      entry('Files/app/.wh.gone.txt', ''),
      entry('Files/app/old.txt', 'newer'),
      entry('Files/app/same.txt', '', '1', 'Files/app/old.txt'),
    ];
    writeFileSync(tar, Buffer.concat([...entries, Buffer.alloc(1024)]));
    const layer = await importLayer(tar, target, { parent: home.image.top });
    assert.deepEqual(layer, { type: 'directory', source: target });
    const app = path.join(target, 'Files', 'app');
    assert.deepEqual(readdirSync(app).toSorted(), ['old.txt', 'same.txt']);
    for (const name of readdirSync(app)) assert.equal(readFileSync(path.join(app, name), 'utf8'), 'newer');
    assert.equal(statSync(path.join(app, 'same.txt')).nlink, 2);
    await using container = await home.create({ rootfs: target, windows: { isolation: 'process' } });
    assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
    const again = await rejection(importLayer(tar, target, { parent: home.image.top }));
    assert.equal(again['code'], 'ERR_CONTAINERV_EXISTS');
  });

  test('from a folder of ExportLayer', async () => {
    const folder = path.join(home.image.folder, 'exported');
    mkdirSync(path.join(folder, 'Files'), { recursive: true });
    writeFileSync(path.join(folder, 'Files', 'one.txt'), transported('one'));
    writeFileSync(path.join(folder, 'tombstones.txt'), '\uFEFFVersion 1.0\r\n\\app\r\n');
    const target = path.join(home.image.folder, 'from-folder');
    await importLayer(folder, target, { parent: home.image.top });
    assert.deepEqual(readdirSync(path.join(target, 'Files')), ['one.txt']);
    assert.equal(existsSync(path.join(folder, 'tombstones.txt')), true);
  });

  test('and nothing is left of one that cannot be', async () => {
    const tar = path.join(home.image.folder, 'bad.tar');
    writeFileSync(tar, Buffer.concat([entry('Files/../x', ''), Buffer.alloc(1024)]));
    const before = readdirSync(home.image.folder);
    const target = path.join(home.image.folder, 'bad');
    const options = { parent: home.image.top };
    assert.equal((await rejection(importLayer(tar, target, options)))['code'], 'ERR_CONTAINERV_LAYER');
    writeFileSync(tar, Buffer.concat([entry('Files/x', ''), Buffer.alloc(1024)]));
    inject({ function: 'ImportLayer', hresult: 0x80070005 });
    assert.equal((await rejection(importLayer(tar, target, options)))['code'], 'ERR_CONTAINERV_PERMISSION');
    const none = rejection(importLayer(path.join(home.image.folder, 'none'), target, options));
    assert.equal((await none)['code'], 'ERR_CONTAINERV_NOT_FOUND');
    const parent = importLayer(tar, target, { parent: home.data });
    assert.equal((await rejection(parent))['code'], 'ERR_CONTAINERV_LAYER');
    assert.deepEqual(readdirSync(home.image.folder), before);
  });
});

describe('refused', () => {
  test('while it runs, and after its end', async () => {
    const container = await home.create({ windows: { isolation: 'process' } });
    const target = path.join(home.image.folder, 'none');
    for (const work of [container.changes(), container.snapshot(target)]) {
      const error = await rejection(work);
      assert.equal(error['code'], 'ERR_CONTAINERV_STATE');
      assert.match(String(error['hint']), /stop\(\)/);
    }
    await container.destroy();
    assert.equal((await rejection(container.snapshot(target)))['code'], 'ERR_CONTAINERV_STATE');
    assert.equal(existsSync(target), false);
  });

  test('of one that is another program’s, and not when that has given it up', async () => {
    await using container = await stopped({ windows: { isolation: 'process' } });
    const joined = await joinOn(TODAY, 'web');
    assert.equal((await rejection(joined.changes()))['code'], 'ERR_CONTAINERV_STATE');
    assert.equal((await container.changes()).length, 5);
  });
});

describe('what fails leaves nothing', () => {
  for (const [call, hresult, code] of [
    ['PrepareLayer', 0x80070005, 'ERR_CONTAINERV_PERMISSION'],
    ['ExportLayer', 0x80070522, 'ERR_CONTAINERV_PERMISSION'],
    ['ImportLayer', 0x80070003, 'ERR_CONTAINERV_NOT_FOUND'],
    ['ImportLayer', 0x80070070, 'ERR_CONTAINERV_HCS'],
  ] as const) {
    test(`${call} 0x${hresult.toString(16)}`, async () => {
      await using container = await stopped({ windows: { isolation: 'process' } });
      const before = readdirSync(home.image.folder);
      inject({ function: call, hresult });
      const error = await rejection(container.snapshot(path.join(home.image.folder, 'none')));
      assert.deepEqual([error['code'], error['hresult']], [code, hresult]);
      assert.deepEqual(readdirSync(home.image.folder), before);
      assert.deepEqual(readdirSync(path.join(home.data, 'web')).toSorted(), ['scratch', 'staging']);
      // It can be used, and taken again.
      await container.start();
      await container.stop();
      assert.equal((await container.changes()).length, 5);
    });
  }

  test('a target of which the directory is not there', async () => {
    await using container = await stopped({ windows: { isolation: 'process' } });
    const error = await rejection(container.snapshot(path.join(home.image.folder, 'none', 'layer')));
    assert.deepEqual([error['code'], error['errno']], ['ERR_CONTAINERV_NOT_FOUND', 'ENOENT']);
  });

  test('a list of removed files that leads elsewhere', async () => {
    await using container = await home.create({ id: 'web', windows: { isolation: 'process' } });
    await container.stop();
    write('web', FILES, ['../../outside']);
    for (const work of [container.changes(), container.snapshot(path.join(home.image.folder, 'none'))]) {
      assert.equal((await rejection(work))['code'], 'ERR_CONTAINERV_LAYER');
    }
  });
});
