// Linux containers on Windows, by the driver; and the driver as `containerv` finds it.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ContainerOptions } from 'containerv-api';
import { loadDriver } from '../../../packages/containerv/src/load-driver.js';
import * as driver from '../../../packages/containerv-windows/src/index.js';
import { driverHome } from '../support/driver.js';
import { GUEST, rejection } from '../support/fake.js';
import { after, afterEach, test } from '../support/node-test.js';

const home = driverHome();
const machine = path.join(home.image.folder, 'machine');
mkdirSync(machine);
for (const file of ['kernel', 'initrd.img']) writeFileSync(path.join(machine, file), file);
const linux: ContainerOptions = {
  rootfs: home.image.folder,
  writable: 'direct',
  windows: { containerType: 'linux', lcow: { uvmImagePath: machine } },
};
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

test('a Linux container: run in, stopped, started, destroyed', async () => {
  await using container = await home.create({ ...linux, limits: { pids: 50 } });
  assert.deepEqual(
    [container.guest, container.enforced.isolation, container.enforced.limits.pids],
    ['linux', 'hyperv', true],
  );
  const warning = await new Promise<Error>((resolve) => container.once('warning', resolve));
  // The fake's guest cannot tell, so nothing is claimed.
  assert.match(warning.message, /could not be read/);
  assert.deepEqual([container.enforced.seccomp, container.enforced.capabilities], [false, []]);
  assert.equal((await container.run('/bin/guest', ['both'])).stderr, 'err');
  const child = await container.spawn('/bin/guest', ['sleep', '60000'], { stdio: 'ignore' });
  await child.kill('SIGUSR1');
  assert.equal((await child.wait()).signal, 'SIGUSR1');
  await container.stop();
  await container.start();
  assert.equal((await container.run('/bin/guest', ['both'])).stdout, 'out');
});

test('its virtual machine comes from the environment, too', async () => {
  const { windows: _, ...rest } = linux;
  process.env['CHEF_LCOW_UVM_IMAGE_PATH'] = machine;
  try {
    await using container = await home.create({ ...rest, windows: { containerType: 'linux' } });
    assert.equal((await container.run('/bin/guest', ['both'])).stdout, 'out');
  } finally {
    delete process.env['CHEF_LCOW_UVM_IMAGE_PATH'];
  }
});

test('what its root cannot do is refused', async () => {
  const { writable: _, ...rest } = linux;
  const error = await rejection(home.create(rest));
  assert.equal(error['code'], 'ERR_CONTAINERV_UNSUPPORTED');
  assert.match(String(error['hint']), /direct/);
  await using container = await home.create(linux);
  const process_ = container.run('/bin/guest', ['both'], { policy: 'minimal' });
  assert.equal((await rejection(process_))['code'], 'ERR_CONTAINERV_UNSUPPORTED');
});

test('`containerv` takes this driver on Windows', async () => {
  const asked: string[] = [];
  const loaded = await loadDriver({
    platform: process.platform,
    cwd: process.cwd(),
    override: undefined,
    load: async (specifier) => {
      asked.push(specifier);
      return driver;
    },
    isInstalled: () => true,
  });
  assert.deepEqual(asked, ['containerv-windows']);
  await using container = await loaded.createContainer({
    rootfs: home.image.top,
    windows: { isolation: 'process' },
  });
  assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
});
