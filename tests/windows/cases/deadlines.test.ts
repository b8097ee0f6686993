// What the service takes too long for: it stands still until it is let go, so nothing depends on how fast this machine is.
// CONTAINERV_HCS_TIMEOUT and CONTAINERV_HNS_TIMEOUT of this file are three seconds, for what the driver itself waits for.
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, openHns } from '../../../packages/containerv-hns/src/index.js';
import type { JsonObject } from '../../../packages/containerv-windows/src/documents/json.js';
import type { HcsApi, HcsSystem } from '../../../packages/containerv-windows/src/hcs/hcs-api.js';
import { loadHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import type { Layer } from '../../../packages/containerv-windows/src/storage/layer-storage.js';
import { driverHome } from '../support/driver.js';
import { type Fault, GUEST, handlesClosed, inject, letGo, rejection, standsStill } from '../support/fake.js';
import { setHost } from '../support/fake-networks.js';
import { after, afterEach, before, describe, test } from '../support/node-test.js';

const older = process.env['CONTAINERV_HCS_LIBRARY'] === 'vmcompute';
const START = 'HcsStartComputeSystem';
const CREATE = 'HcsCreateComputeSystem';
const PATIENCE_MS = 60_000;
const DEADLINE_MS = 1000;

const home = driverHome();
// Waiting for the end of a system does not keep a program alive.
const awake = setInterval(() => {}, 1000);
/** Plenty, but for what is to miss its deadline. */
const times = { operationMs: PATIENCE_MS, callMs: PATIENCE_MS, pollMs: 500 };
let hcs: HcsApi;
let layers: Layer[];

before(async () => {
  const service = await loadHcs(times);
  ({ hcs } = service);
  layers = [await service.storage.identify(home.image.top), await service.storage.identify(home.image.base)];
});
after(() => {
  clearInterval(awake);
  home.remove();
});
// Also everything that the service has finished after its deadline.
afterEach(async () => {
  await handlesClosed();
  await home.checkNothingLeft();
});

function document(): JsonObject {
  return {
    SystemType: 'Container',
    Name: 'web',
    Owner: 'containerv',
    HvPartition: true,
    HvRuntime: { ImagePath: path.join(home.image.base, 'UtilityVM') },
    LayerFolderPath: home.image.folder,
    Layers: layers.map(({ id, path: folder }) => ({ ID: id, Path: folder })),
    TerminateOnLastHandleClosed: true,
  };
}

async function started(): Promise<HcsSystem> {
  const system = await hcs.create('web', document());
  await system.start();
  return system;
}

/** What stood still goes on: `isThere` comes true with it, and false with the removal of what it made. */
async function comesAndGoes(removal: string, isThere: () => Promise<boolean>): Promise<void> {
  inject({ function: removal, hold: 'call' });
  await letGo();
  const deadline = Date.now() + PATIENCE_MS;
  for (const wanted of [true, false]) {
    while ((await isThere()) !== wanted) {
      if (Date.now() > deadline) throw new Error(wanted ? 'It never came' : 'It stays');
      await sleep(20);
    }
    if (wanted) await letGo();
  }
}

async function timesOut(work: Promise<unknown>, call: string): Promise<void> {
  const error = await rejection(work);
  assert.deepEqual([error['code'], error['syscall']], ['ERR_CONTAINERV_TIMEOUT', call]);
  assert.match(String(error['hint']), /CONTAINERV_H[CN]S_TIMEOUT/);
  await standsStill();
}

/** Has a call stand still, beyond its deadline. */
async function hangs(fault: Fault, work: () => Promise<unknown>): Promise<void> {
  inject({ hold: 'call', ...fault });
  Object.assign(times, { operationMs: DEADLINE_MS, callMs: DEADLINE_MS });
  try {
    await timesOut(work(), fault.function);
  } finally {
    Object.assign(times, { operationMs: PATIENCE_MS, callMs: PATIENCE_MS });
  }
}

describe('a call that hangs', () => {
  test('what it gives later is taken back', async () => {
    await hangs({ function: CREATE }, async () => hcs.create('web', document()));
    await comesAndGoes('HcsTerminateComputeSystem', async () => (await hcs.enumerate({})).length > 0);
  });

  test('and is refused after that', async () => {
    await hangs({ function: CREATE, hresult: 0x80370114 }, async () => hcs.create('web', document()));
    await letGo();
    await handlesClosed();
    const system = await hcs.create('web', document());
    await hangs({ function: START, hresult: 0x80370114 }, async () => system.start());
    await system.close();
    await letGo();
  });

  test(
    'and whose operation completes before it returns',
    async () => {
      const system = await hcs.create('web', document());
      await hangs({ function: START, hold: 'return' }, async () => system.start());
      await system.close();
      await letGo();
    },
    { skip: older },
  );
});

test('an operation that never completes is given up, and nothing is closed under it', async () => {
  const system = await hcs.create('web', document());
  await hangs({ function: START, hold: 'completion' }, async () => system.start());
  await system.terminate();
  await system.close();
  await letGo();
});

describe('what nobody is told of', () => {
  test('a completion', async () => {
    inject({ function: CREATE, lost: true });
    inject({ function: START, lost: true });
    const system = await started();
    assert.equal((await system.properties({}))['State'], 'Running');
    await system.close();
  });

  test('a creation that failed', async () => {
    inject({ function: CREATE, lost: true, hresult: 0x80370101, at: 'completion' });
    const error = await rejection(hcs.create('web', document()));
    assert.equal(error['code'], 'ERR_CONTAINERV_HCS');
    // The reason itself was in the notification.
    assert.equal(error['hresult'], older ? 0x80370106 : 0x80370101);
  });

  test('an end', async () => {
    const system = await started();
    inject({ function: 'notify SystemExited', lost: true });
    await system.terminate();
    assert.equal(await system.exited, 'unknown');
    await system.close();
  });
});

test(
  'an operation that is done at once',
  async () => {
    inject({ function: CREATE, synchronous: true });
    inject({ function: START, synchronous: true });
    await (await started()).close();
  },
  { skip: !older },
);

test('a container whose start hangs is given up, and what the service still works on is closed later', async () => {
  inject({ function: START, hold: 'completion' });
  await timesOut(home.create({ windows: { isolation: 'process' } }), START);
  await letGo();
});

test('a process that comes late does not run', async () => {
  await using container = await home.create({ windows: { isolation: 'process' } });
  inject({ function: 'HcsCreateProcess', hold: 'call' });
  await timesOut(container.run(GUEST, ['sleep', '600000']), 'HcsCreateProcess');
  await comesAndGoes('HcsTerminateProcess', async () => (await container.processes()).length > 0);
});

test('an endpoint that comes late is removed', async () => {
  setHost({
    networks: [
      {
        id: '11111111-2222-3333-4444-555555555555',
        name: 'nat',
        type: 'NAT',
        prefix: '172.20.0.0/16',
        gateway: '172.20.0.1',
      },
    ],
  });
  const hns = await openHns();
  const call = older ? 'HNSCall POST /endpoints/' : 'HcnCreateEndpoint';
  inject({ function: call, hold: 'call' });
  const request = {
    containerId: 'web',
    attachment: older ? 'endpoint-list' : 'namespace',
    network: {
      mode: 'private',
      containerIp: undefined,
      prefixLength: undefined,
      hostIp: undefined,
      gateway: undefined,
      dns: undefined,
      bridge: undefined,
      switchName: undefined,
      ports: [],
      nat: true,
      egress: undefined,
    },
  } as const;
  await timesOut(connect(hns, request), call);
  const removal = older ? 'HNSCall DELETE' : 'HcnDeleteEndpoint';
  await comesAndGoes(removal, async () => (await hns.ownEndpoints()).length > 0);
});
