// A Windows that lacks what containers need, or does not let this user have it: told, with what to do, and nothing is made.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContainerOptions } from 'containerv-api';
import { openHns } from '../../../packages/containerv-hns/src/index.js';
import {
  joinContainer,
  listContainers,
  probeHost,
  pruneContainers,
} from '../../../packages/containerv-windows/src/index.js';
import { driverHome } from '../support/driver.js';
import { GUEST, inject, rejection } from '../support/fake.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const home = driverHome();
const SHARED: ContainerOptions = { windows: { isolation: 'process' } };
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

/** With another Windows folder: what is installed, is not there. */
async function without<T>(work: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'containerv-bare-'));
  mkdirSync(path.join(folder, 'System32'));
  const root = process.env['SystemRoot'];
  process.env['SystemRoot'] = folder;
  try {
    return await work();
  } finally {
    process.env['SystemRoot'] = root;
    rmSync(folder, { recursive: true });
  }
}

// First: libraries are loaded once.
describe('no library of the service', () => {
  test('is told by everything that needs it, and nothing is made', async () => {
    await without(async () => {
      for (const work of [async () => home.create(SHARED), pruneContainers]) {
        const error = await rejection(work());
        assert.deepEqual(
          [error.name, error['code'], error['step'], error['path']],
          ['ContainervError', 'ERR_CONTAINERV_UNSUPPORTED', 'load driver', 'vmcompute.dll'],
        );
        assert.match(String(error['hint']), /Enable-WindowsOptionalFeature -Online -FeatureName Containers/);
      }
      assert.equal((await rejection(openHns()))['code'], 'ERR_CONTAINERV_UNSUPPORTED');
    });
    assert.equal(existsSync(home.state), false);
    assert.equal(existsSync(home.data), false);
  });

  test('is no reason to fail for who has no containers', async () => {
    await without(async () => {
      assert.deepEqual(await listContainers(), []);
      assert.equal((await rejection(joinContainer('web')))['code'], 'ERR_CONTAINERV_NOT_FOUND');
    });
  });

  test('is what the probe finds', async () => {
    const { usable, checks } = await without(probeHost);
    assert.equal(usable, false);
    const service = checks.find(({ name }) => name === 'compute service');
    assert.equal(service?.status, 'missing');
    assert.match(service?.fix ?? '', /Containers/);
    assert.equal(checks.find(({ name }) => name === 'networks')?.status, 'degraded');
  });

  test('is looked for again once it has been installed', async () => {
    await using container = await home.create(SHARED);
    assert.equal((await container.run(GUEST, ['both'])).stdout, 'out');
  });
});

/** What the service says, by the call that meets it first. */
const answers: readonly (readonly [what: string, hresult: number, code: string, hint: RegExp])[] = [
  ['it is not installed', 0x80070424, 'ERR_CONTAINERV_UNSUPPORTED', /FeatureName Containers/],
  ['it is disabled', 0x80070422, 'ERR_CONTAINERV_HCS', /Start-Service vmcompute/],
  ['it does not run', 0x80370114, 'ERR_CONTAINERV_HCS', /Start-Service vmcompute/],
  ['it was stopped', 0x800706ba, 'ERR_CONTAINERV_HCS', /Start-Service vmcompute/],
  ['not elevated', 0x80070005, 'ERR_CONTAINERV_PERMISSION', /administrator/],
  ['no member of its group', 0x8037011b, 'ERR_CONTAINERV_PERMISSION', /administrator/],
];

describe('a service that', () => {
  for (const [what, hresult, code, hint] of answers) {
    test(`says that ${what}`, async () => {
      inject({ function: 'HcsCreateComputeSystem', hresult });
      const error = await rejection(home.create(SHARED));
      assert.deepEqual([error['code'], error['hresult']], [code, hresult]);
      assert.match(String(error['hint']), hint);
      inject({ function: 'HcsEnumerateComputeSystems', hresult });
      const { usable, checks } = await probeHost();
      assert.equal(usable, false);
      assert.match(checks.find(({ name }) => name === 'access')?.fix ?? '', hint);
    });
  }

  test('lets make systems, but no layers: without the privileges of a backup', async () => {
    inject({ function: 'CreateSandboxLayer', hresult: 0x80070522 });
    const error = await rejection(home.create(SHARED));
    assert.deepEqual([error['code'], error['syscall']], ['ERR_CONTAINERV_PERMISSION', 'CreateSandboxLayer']);
    assert.match(String(error['hint']), /administrator/);
  });
});
