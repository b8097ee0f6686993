// Everything that can go wrong while a container is made or used: a typed error each, and nothing is left.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContainerOptions } from 'containerv-api';
import { driverHome, TODAY } from '../support/driver.js';
import { type Fault, GUEST, inject, rejection } from '../support/fake.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const home = driverHome();
const SHARED: ContainerOptions = { windows: { isolation: 'process' } };
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

/** Which step fails, how, and what the caller hears of it. */
const steps: readonly (readonly [options: ContainerOptions, fault: Fault, code: string])[] = [
  [SHARED, { function: 'CreateSandboxLayer', hresult: 0x80070070 }, 'ERR_CONTAINERV_HCS'],
  [SHARED, { function: 'ActivateLayer', hresult: 0x80070005 }, 'ERR_CONTAINERV_PERMISSION'],
  [SHARED, { function: 'PrepareLayer', hresult: 0x800703f1 }, 'ERR_CONTAINERV_LAYER'],
  [SHARED, { function: 'GetLayerMountPath', hresult: 0x80004005 }, 'ERR_CONTAINERV_HCS'],
  [SHARED, { function: 'HcsCreateComputeSystem', hresult: 0x80370102 }, 'ERR_CONTAINERV_UNSUPPORTED'],
  [SHARED, { function: 'HcsCreateComputeSystem', hresult: 0x80070005 }, 'ERR_CONTAINERV_PERMISSION'],
  [SHARED, { function: 'HcsCreateComputeSystem', hresult: 0x8037010f }, 'ERR_CONTAINERV_EXISTS'],
  [
    SHARED,
    { function: 'HcsCreateComputeSystem', hresult: 0x80370101, at: 'completion' },
    'ERR_CONTAINERV_HCS',
  ],
  [SHARED, { function: 'HcsStartComputeSystem', hresult: 0x80370100 }, 'ERR_CONTAINERV_HCS'],
  [
    SHARED,
    { function: 'HcsStartComputeSystem', hresult: 0x80370106, at: 'completion' },
    'ERR_CONTAINERV_HCS',
  ],
  [{}, { function: 'GrantVmAccess', hresult: 0x80070002 }, 'ERR_CONTAINERV_NOT_FOUND'],
  [{}, { function: 'HcsCreateComputeSystem', hresult: 0x80370101 }, 'ERR_CONTAINERV_HCS'],
  [{}, { function: 'HcsStartComputeSystem', hresult: 0x80370109 }, 'ERR_CONTAINERV_HCS'],
  [{}, { function: 'HcsModifyComputeSystem', skip: 1, hresult: 0x8037010b }, 'ERR_CONTAINERV_UNSUPPORTED'],
  // The second of each is the container in its machine.
  [{}, { function: 'HcsCreateComputeSystem', skip: 1, hresult: 0x80370112 }, 'ERR_CONTAINERV_LAYER'],
  [{}, { function: 'HcsStartComputeSystem', skip: 1, hresult: 0x80370106 }, 'ERR_CONTAINERV_HCS'],
];

describe('a step that fails', () => {
  for (const [options, fault, code] of steps) {
    const isolation = options.windows?.isolation ?? 'hyperv';
    const which = `${fault.function}${fault.skip === undefined ? '' : ` number ${fault.skip + 1}`}`;
    test(`${which}, ${isolation}: 0x${fault.hresult?.toString(16)} ${fault.at ?? ''}`, async () => {
      inject(fault);
      const error = await rejection(home.create(options));
      assert.deepEqual(
        [error.name, error['code'], error['hresult']],
        ['ContainervError', code, fault.hresult],
      );
      assert.equal('cleanupErrors' in error, false);
    });
  }
});

test('completions and exits that nobody is told of are found all the same', async () => {
  inject({ function: 'HcsStartComputeSystem', lost: true });
  await using container = await home.create(SHARED);
  inject({ function: 'notify ProcessExited', lost: true });
  assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
  inject({ function: 'notify SystemExited', lost: true });
  await container.stop({ timeout: 0 });
  assert.equal(container.state, 'stopped');
});

test('what could not be taken back is told beside the failure, and pruned', async () => {
  inject({ function: 'HcsStartComputeSystem', hresult: 0x80370106 });
  inject({ function: 'HcsDestroyLayer', hresult: 0x80070020 });
  const error = await rejection(home.create({ id: 'web', ...SHARED }));
  assert.equal(error['code'], 'ERR_CONTAINERV_HCS');
  assert.equal((error['cleanupErrors'] as unknown[]).length, 1);
  await using again = await home.create({ id: 'web', ...SHARED });
  assert.equal(again.state, 'running');
});

test('a destroy that fails is told, and can be tried again', async () => {
  const container = await home.create(SHARED);
  inject({ function: 'HcsDestroyLayer', hresult: 0x80070020 });
  const error = await rejection(container.destroy());
  assert.equal(error['code'], 'ERR_CONTAINERV_HCS');
  assert.equal((error.cause as Error & { hresult: number }).hresult, 0x80070020);
  assert.equal(container.state, 'stopped');
  await container.destroy();
  assert.equal(container.state, 'destroyed');
});

test('a container that ends by itself is stopped, and says so', async () => {
  await using container = await home.create({ id: 'web', ...SHARED });
  const exit = new Promise((resolve) => container.once('exit', ({ reason }) => resolve(reason)));
  const { openHcs } = await import('../../../packages/containerv-windows/src/hcs/open-hcs.js');
  const other = await (await openHcs()).hcs.open('web');
  await other.terminate();
  await other.close();
  // A container does not keep the program that made it; nor would this test, while it waits for the service.
  const stay = setInterval(() => {}, 1000);
  assert.equal(await exit, 'crashed');
  clearInterval(stay);
  assert.equal(container.state, 'stopped');
  await container.start();
  assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
});

test('an abortion in the middle leaves nothing', async () => {
  const controller = new AbortController();
  inject({ function: 'HcsStartComputeSystem', completionDelayMs: 300 });
  const creation = rejection(home.create({ ...SHARED, signal: controller.signal }));
  setTimeout(() => controller.abort(new Error('enough')), 100);
  const error = await creation;
  assert.deepEqual([error['code'], (error.cause as Error).message], ['ERR_CONTAINERV_ABORTED', 'enough']);
});

describe('bad input', () => {
  test('a build that is too old', async () => {
    const error = await rejection(home.create({}, { ...TODAY, build: 14_393 }));
    assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED');
    assert.match(error.message, /14393.*16299/);
  });

  const broken: readonly (readonly [name: string, chain: string | undefined, error: RegExp])[] = [
    ['layerchain.json that is not JSON', '[', /not JSON/],
    ['layerchain.json that is no list', '{"a":1}', /not a list/],
    ['a parent that is not there', JSON.stringify(['C:\\none']), /does not exist/],
    ['a circle of parents', JSON.stringify(['.']), /circle|neither/],
    ['no layer at all', undefined, /neither parent layers nor content/],
  ];
  for (const [name, chain, expected] of broken) {
    test(name, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'containerv-broken-'));
      try {
        if (chain !== undefined) writeFileSync(path.join(folder, 'layerchain.json'), chain);
        const error = await rejection(home.create({ rootfs: folder, ...SHARED }));
        assert.equal(error['code'], 'ERR_CONTAINERV_LAYER');
        assert.match(error.message, expected);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  test('no UtilityVM for Hyper-V isolation', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'containerv-broken-'));
    try {
      mkdirSync(path.join(folder, 'Files'));
      const error = await rejection(home.create({ rootfs: folder }));
      assert.equal(error['code'], 'ERR_CONTAINERV_LAYER');
      assert.match(String(error['hint']), /isolation: 'process'/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a kernel outside of its folder, and none', async () => {
    const linux = { rootfs: home.image.folder, writable: 'direct' } as const;
    const outside = { uvmImagePath: home.image.folder, kernelFile: String.raw`..\kernel` };
    const error = await rejection(
      home.create({ ...linux, windows: { containerType: 'linux', lcow: outside } }),
    );
    assert.equal(error['code'], 'ERR_CONTAINERV_INVALID_OPTION');
    const none = await rejection(home.create({ ...linux, windows: { containerType: 'linux' } }));
    assert.match(String(none['hint']), /CHEF_LCOW_UVM_IMAGE_PATH/);
  });

  test('limits and policies that nothing holds', async () => {
    for (const options of [
      { limits: { pids: 5 } },
      { limits: { swap: '1G' } },
      { limits: { memory: 'max' } },
      { limits: { memoryHigh: '1G' } },
      { limits: { hugetlb: { '2M': '64M' } } },
      { user: 1000 },
      { rootfs: 'host' },
    ] as const) {
      const error = await rejection(home.create(options));
      assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED', JSON.stringify(options));
    }
  });

  test('processes ask for what there is not', async () => {
    await using container = await home.create(SHARED);
    for (const options of [{ jobControl: true }, { rlimits: { nofile: 5 } }] as const) {
      const error = await rejection(container.spawn(GUEST, ['both'], options));
      assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED', JSON.stringify(options));
    }
    const unsupported = [container.update({ cpus: 1 }), container.kill(2, 'SIGUSR1')];
    for (const call of unsupported) {
      assert.equal((await rejection(call))['code'], 'ERR_CONTAINERV_UNSUPPORTED');
    }
    const changeMemory = container.update({ memory: '512M' });
    await changeMemory;
    assert.equal(container.enforced.limits.memory, true);
  });
});
