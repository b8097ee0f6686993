// Volumes: disks that are made, formatted, attached to containers of each kind, and removed.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type ContainerOptions, resolveContainerOptions, UndoStack } from 'containerv-api';
import { guestOf } from '../../../packages/containerv-windows/src/documents/guest.js';
import { openHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import {
  createVolume,
  formatVolume,
  listVolumes,
  removeVolume,
} from '../../../packages/containerv-windows/src/index.js';
import {
  attachVolumes,
  detachVolumes,
} from '../../../packages/containerv-windows/src/volumes/attach-volumes.js';
import { driverHome, TODAY } from '../support/driver.js';
import { GUEST, inject, rejection, report } from '../support/fake.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const home = driverHome();
const directory = path.join(home.data, '.volumes');
after(() => home.remove());
afterEach(async () => {
  for (const { name } of await listVolumes()) await removeVolume(name);
  // Empty: what is unfinished would keep it.
  if (existsSync(directory)) rmdirSync(directory);
  await home.checkNothingLeft();
});

const file = (name: string): string => path.join(directory, `${name}.vhdx`);

describe('a volume', () => {
  test('is made with a file system, listed, formatted and removed', async () => {
    assert.deepEqual(await listVolumes(), []);
    const made = await createVolume('cache', { size: '1G' });
    assert.deepEqual([made.name, made.path, made.usedBytes], ['cache', file('cache'), 4]);
    await createVolume('Build-2.x');
    assert.deepEqual(
      (await listVolumes()).map(({ name }) => name),
      ['Build-2.x', 'cache'],
    );
    writeFileSync(made.path, 'NTFS and much more');
    await formatVolume('cache');
    assert.equal(statSync(made.path).size, 4);
    await removeVolume('cache');
    const error = await rejection(removeVolume('cache'));
    assert.equal(error['code'], 'ERR_CONTAINERV_NOT_FOUND');
    assert.equal((await rejection(formatVolume('build-2.y')))['code'], 'ERR_CONTAINERV_NOT_FOUND');
  });

  test('is there once', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, async () => createVolume('cache', { size: '64M' })),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await rejection(createVolume('CACHE')))['code'], 'ERR_CONTAINERV_EXISTS');
  });

  test('has a name that is one of a file and of nothing else', async () => {
    for (const name of [
      '',
      '..',
      '../x',
      'a/b',
      'a\\b',
      'a:b',
      'nul',
      'COM1',
      'nul.x',
      'a.',
      '.a',
      'x'.repeat(64),
    ]) {
      assert.equal((await rejection(createVolume(name)))['code'], 'ERR_CONTAINERV_INVALID_OPTION', name);
      assert.equal((await rejection(removeVolume(name)))['code'], 'ERR_CONTAINERV_INVALID_OPTION', name);
    }
    for (const size of ['1M', '100T', -1] as const) {
      assert.equal((await rejection(createVolume('x', { size })))['code'], 'ERR_CONTAINERV_INVALID_OPTION');
    }
  });

  for (const [call, hresult, code] of [
    ['CreateVirtualDisk', 0x80070070, 'ERR_CONTAINERV_HCS'],
    ['CreateVirtualDisk', 0x80070522, 'ERR_CONTAINERV_PERMISSION'],
    ['CreateVirtualDisk', 0xc03a001a, 'ERR_CONTAINERV_HCS'],
    ['HcsFormatWritableLayerVhd', 0x80070005, 'ERR_CONTAINERV_PERMISSION'],
  ] as const) {
    test(`that cannot be made leaves nothing: ${call} 0x${hresult.toString(16)}`, async () => {
      inject({ function: call, hresult });
      const error = await rejection(createVolume('cache'));
      assert.deepEqual([error.name, error['code'], error['hresult']], ['ContainervError', code, hresult]);
      assert.deepEqual(readdirSync(directory), []);
    });
  }

  test('that a killed program was making goes, and one that somebody is making does not', async () => {
    mkdirSync(directory, { recursive: true });
    const [old, young] = ['old', 'young'].map((name) => path.join(directory, `.${name}.cache.vhdx`)) as [
      string,
      string,
    ];
    for (const each of [old, young]) writeFileSync(each, 'half');
    utimesSync(old, 0, 0);
    assert.deepEqual(await listVolumes(), []);
    await createVolume('cache');
    assert.deepEqual([existsSync(old), existsSync(young)], [false, true]);
    rmSync(young);
  });

  test('of Windows Server 2019 is formatted by its file', async () => {
    const { disks } = await openHcs();
    mkdirSync(directory, { recursive: true });
    await disks?.create(file('old'), 64 * 1024 ** 2, 17_763);
    assert.equal(statSync(file('old')).size, 4);
  });
});

const kinds: readonly ContainerOptions['windows'][] = [
  { isolation: 'process' },
  { isolation: 'process', schema: 'v1' },
  { isolation: 'hyperv' },
];

for (const windows of kinds) {
  const shared = windows?.isolation === 'process';
  describe(`in a container with ${windows?.isolation} isolation, schema ${windows?.schema ?? 'v2'}`, () => {
    test('is attached while it runs', async () => {
      await createVolume('cache');
      await createVolume('tools');
      const volumes = ['cache', { name: 'tools', target: '/opt/tools', readonly: true }];
      const container = await home.create({ windows: { ...windows, volumes } });
      assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
      if (shared) {
        const busy = await rejection(removeVolume('cache'));
        assert.deepEqual([busy['code'], busy['path']], ['ERR_CONTAINERV_STATE', file('cache')]);
        assert.equal((await rejection(formatVolume('cache')))['code'], 'ERR_CONTAINERV_STATE');
        const second = await rejection(home.create({ windows: { ...windows, volumes: ['cache'] } }));
        assert.equal(second['code'], 'ERR_CONTAINERV_STATE');
        assert.match(String(second['hint']), /one container at a time/);
      }
      await container.stop();
      await formatVolume('cache');
      await container.start();
      await container.destroy();
      await removeVolume('cache');
    });

    test('is taken back when the container cannot be made', async () => {
      await createVolume('cache');
      inject({ function: 'HcsStartComputeSystem', hresult: 0x80370106 });
      const error = await rejection(home.create({ windows: { ...windows, volumes: ['cache'] } }));
      assert.equal(error['code'], 'ERR_CONTAINERV_HCS');
      assert.equal('cleanupErrors' in error, false);
      await formatVolume('cache');
    });
  });
}

test('what cannot be attached is told, and nothing is left', async () => {
  await createVolume('cache');
  const wanting = async (volume: string): Promise<Error & Record<string, unknown>> =>
    rejection(home.create({ windows: { isolation: 'process', volumes: [volume] } }));
  const missing = await wanting('cachee');
  assert.deepEqual([missing['code'], missing['hint']], ['ERR_CONTAINERV_NOT_FOUND', "Did you mean 'cache'?"]);
  assert.equal((await wanting('../cache'))['code'], 'ERR_CONTAINERV_INVALID_OPTION');
  for (const call of ['OpenVirtualDisk', 'AttachVirtualDisk', 'HcsGetLayerVhdMountPath']) {
    inject({ function: call, hresult: 0x80070005 });
    const error = await wanting('cache');
    assert.deepEqual([error['code'], error['syscall']], ['ERR_CONTAINERV_PERMISSION', call]);
  }
  writeFileSync(file('cache'), 'nothing that is a file system');
  assert.equal((await wanting('cache'))['hresult'], 0x80070015);
});

test('of a container that outlives its program: attached until whoever cleans up detaches it', async () => {
  await createVolume('cache');
  const spec = resolveContainerOptions({
    id: 'web',
    rootfs: home.image.top,
    detached: true,
    windows: { isolation: 'process', volumes: ['cache'] },
  });
  const guest = guestOf(spec, TODAY.build);
  await attachVolumes(spec, guest, new UndoStack());
  assert.equal((await rejection(removeVolume('cache')))['code'], 'ERR_CONTAINERV_STATE');
  const service = await openHcs();
  await detachVolumes(service, spec, guest);
  // Again, as when somebody has done it before.
  await detachVolumes(service, spec, guest);
  assert.deepEqual((await report()).disks, []);
});
