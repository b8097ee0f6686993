// The binding of both libraries against the fake, without the driver: ABI, lifetime of handles and strings, deadlines.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../../packages/containerv-windows/src/documents/json.js';
import type { HcsApi, HcsSystem } from '../../../packages/containerv-windows/src/hcs/hcs-api.js';
import { openHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import type { Layer, LayerStorage } from '../../../packages/containerv-windows/src/storage/layer-storage.js';
import { GUEST, inject, makeImage, NOTHING_LEFT, rejection, report } from '../support/fake.js';
import { after, afterEach, before, describe, test } from '../support/node-test.js';

const older = process.env['CONTAINERV_HCS_LIBRARY'] === 'vmcompute';
const image = makeImage();
// Waiting for the end of a system does not keep a program alive; a container that somebody stops does.
const awake = setInterval(() => {}, 1000);
let hcs: HcsApi;
let storage: LayerStorage;
let layers: Layer[];

before(async () => {
  ({ hcs, storage } = await openHcs());
  layers = [await storage.identify(image.top), await storage.identify(image.base)];
});
after(() => {
  clearInterval(awake);
  image.remove();
});
afterEach(async () => assert.deepEqual(await report(), NOTHING_LEFT));

function document(more: JsonObject = {}): JsonObject {
  return {
    SystemType: 'Container',
    Name: 'web',
    Owner: 'containerv',
    HvPartition: true,
    HvRuntime: { ImagePath: path.join(image.base, 'UtilityVM') },
    LayerFolderPath: image.folder,
    Layers: layers.map(({ id, path: folder }) => ({ ID: id, Path: folder })),
    TerminateOnLastHandleClosed: true,
    ...more,
  };
}

function parameters(mode: string, more: JsonObject = {}): JsonObject {
  return {
    CommandLine: `"${GUEST}" ${mode}`,
    WorkingDirectory: 'C:\\',
    Environment: { A: 'é漢' },
    EmulateConsole: false,
    CreateStdInPipe: false,
    CreateStdOutPipe: false,
    CreateStdErrPipe: false,
    ...more,
  };
}

async function started(): Promise<HcsSystem> {
  const system = await hcs.create('web', document());
  await system.start();
  return system;
}

const START = 'HcsStartComputeSystem';
const CREATE = 'HcsCreateComputeSystem';

test('takes the library that it was told to, or the newest', () => {
  assert.equal(hcs.library, older ? 'vmcompute' : 'computecore');
});

describe('a system', () => {
  test('is created, started, found, paused, resumed and terminated', async () => {
    const system = await started();
    assert.deepEqual(await hcs.enumerate({ Owners: ['containerv'] }), [
      { id: 'web', owner: 'containerv', state: 'Running', systemType: 'Container' },
    ]);
    assert.deepEqual(await hcs.enumerate({ Owners: ['somebody'] }), []);
    await system.pause();
    assert.equal((await system.properties({}))['State'], 'Paused');
    await system.resume();
    assert.ok((await system.properties({ PropertyTypes: ['Statistics'] }))['Statistics']);
    await system.terminate();
    assert.equal(await system.exited, 'forced');
    await system.terminate();
    await system.close();
  });

  test('shuts down by itself', async () => {
    const system = await started();
    await system.shutdown();
    assert.equal(await system.exited, 'graceful');
    await system.close();
  });

  test('ends with its last handle, and not before', async () => {
    const system = await started();
    const other = await hcs.open('web');
    await other.close();
    assert.equal((await system.properties({}))['State'], 'Running');
    await system.close();
    assert.deepEqual(await hcs.enumerate({}), []);
  });

  test('is not there', async () => {
    assert.equal((await rejection(hcs.open('web')))['code'], 'ERR_CONTAINERV_NOT_FOUND');
  });

  test('is there already', async () => {
    const system = await started();
    assert.equal((await rejection(hcs.create('web', document())))['code'], 'ERR_CONTAINERV_EXISTS');
    await system.close();
  });
});

describe('failures', () => {
  for (const at of ['submission', 'completion'] as const) {
    for (const [name, hresult, code] of [
      ['image mismatch', 0x80370101, 'ERR_CONTAINERV_HCS'],
      ['access denied', 0x80070005, 'ERR_CONTAINERV_PERMISSION'],
      ['no Hyper-V', 0x80370102, 'ERR_CONTAINERV_UNSUPPORTED'],
      ['service gone', 0x80370114, 'ERR_CONTAINERV_HCS'],
    ] as const) {
      for (const call of [CREATE, START]) {
        test(`${name} at ${at} of ${call} leaves nothing`, async () => {
          const text = JSON.stringify({
            Error: 1,
            ErrorMessage: 'because',
            ErrorEvents: [{ Message: 'of ünicode' }],
          });
          inject({ function: call, hresult, at, document: text });
          if (call === START) {
            const system = await hcs.create('web', document());
            const error = await rejection(system.start());
            assert.equal(error['code'], code);
            assert.match(error.message, /because; of ünicode/);
            await system.terminate();
            await system.close();
          } else {
            const error = await rejection(hcs.create('web', document()));
            assert.equal(error['code'], code);
            assert.equal(error['hresult'], hresult);
            assert.match(error.message, /because; of ünicode/);
          }
        });
      }
    }
  }

  test('a request that the service does not know is told with its reason, and by the fake', async () => {
    const error = await rejection(hcs.create('web', document({ Surprise: 1 })));
    assert.equal(error['hresult'], 0x8037010d);
    assert.match(error.message, /unknown member Surprise/);
    const { violations, ...rest } = await report();
    assert.deepEqual(violations, ['document of web: unknown member Surprise']);
    assert.deepEqual(rest, { handles: {}, strings: 0, systems: [], layers: [], disks: [] });
  });

  test('garbage instead of an answer is no answer', async () => {
    const system = await started();
    inject({ function: 'HcsGetComputeSystemProperties', garbage: true });
    assert.deepEqual(await system.properties({}), {});
    inject({ function: 'HcsEnumerateComputeSystems', garbage: true });
    assert.deepEqual(await hcs.enumerate({}), []);
    await system.close();
  });

  test('a callback that cannot be set fails the creation and leaves nothing', async () => {
    inject({
      function: older ? 'HcsRegisterComputeSystemCallback' : 'HcsSetComputeSystemCallback',
      hresult: 0x80370114,
    });
    assert.equal((await rejection(hcs.create('web', document())))['hresult'], 0x80370114);
  });
});

describe('a process', () => {
  test('gives its exit code, large ones too', async () => {
    const system = await started();
    for (const code of [0, 7, 0xc0000005]) {
      const process_ = await system.createProcess(parameters(`exit ${code}`));
      assert.ok(process_.pid > 0);
      assert.deepEqual(process_.takePipes(), { stdin: null, stdout: null, stderr: null });
      assert.deepEqual(await process_.exited, { exitCode: code });
      await process_.terminate();
      await process_.close();
    }
    await system.close();
  });

  test('is terminated, signalled, resized', async () => {
    const system = await started();
    const first = await system.createProcess(parameters('sleep 60000'));
    await first.terminate();
    assert.deepEqual(await first.exited, { exitCode: 0xc000013a });
    const second = await system.createProcess(
      parameters('sleep 60000', { EmulateConsole: true, ConsoleSize: [24, 80] }),
    );
    await second.modify({ Operation: 'ConsoleSize', ConsoleSize: { Height: 30, Width: 100 } });
    await second.signal({ Signal: 'CtrlC' });
    assert.deepEqual(await second.exited, { exitCode: 0xc000013a });
    await first.close();
    await second.close();
    await system.close();
  });

  test('that ended before anybody asked to be told is found', async () => {
    const system = await started();
    inject({ function: older ? 'HcsRegisterProcessCallback' : 'HcsSetProcessCallback', delayMs: 500 });
    const process_ = await system.createProcess(parameters('exit 3'));
    assert.deepEqual(await process_.exited, { exitCode: 3 });
    await process_.close();
    await system.close();
  });

  test('whose end nobody is told of is found', async () => {
    const system = await started();
    inject({ function: 'notify ProcessExited', lost: true });
    const process_ = await system.createProcess(parameters('sleep 200'));
    assert.deepEqual(await process_.exited, { exitCode: 0 });
    await process_.close();
    await system.close();
  });

  test('is opened by its id', async () => {
    const system = await started();
    const process_ = await system.createProcess(parameters('sleep 60000'));
    const same = await system.openProcess(process_.pid);
    await same.terminate();
    await process_.exited;
    await same.close();
    await process_.close();
    assert.equal((await rejection(system.openProcess(process_.pid)))['code'], 'ERR_CONTAINERV_NOT_FOUND');
    await system.close();
  });

  test('cannot start: not there', async () => {
    const system = await started();
    const error = await rejection(system.createProcess(parameters('', { CommandLine: 'C:\\none.exe' })));
    assert.equal(error['hresult'], 0x80070002);
    await system.close();
  });

  test(
    'started although the service says otherwise',
    async () => {
      const system = await started();
      inject({ function: 'HcsGetOperationResultAndProcessInfo', hresult: 0x80070057 });
      const process_ = await system.createProcess(parameters('sleep 300'));
      assert.ok(process_.pid > 0);
      assert.deepEqual(await process_.exited, { exitCode: 0 });
      await process_.close();
      await system.close();
    },
    { skip: older },
  );

  test('many at once, and the event loop goes on', async () => {
    const system = await started();
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }, 10);
    const all = await Promise.all(
      Array.from({ length: 12 }, async (_, code) => system.createProcess(parameters(`exit ${code}`))),
    );
    assert.deepEqual(
      await Promise.all(all.map(async ({ exited }) => (await exited).exitCode)),
      Array.from({ length: 12 }, (_, code) => code),
    );
    clearInterval(timer);
    await Promise.all(all.map(async (process_) => process_.close()));
    await system.close();
    assert.ok(worst < 5000, `stalled for ${worst} ms`);
  });
});

describe('layers', () => {
  test('a scratch is made, mounted, unmounted and destroyed', async () => {
    const folder = path.join(image.folder, 'scratch');
    mkdirSync(folder);
    await storage.createScratch(folder, layers);
    await storage.expand(folder, 40 * 1024 ** 3);
    assert.match(await storage.mount(folder, layers), /^\\\\\?\\Volume\{[0-9a-f-]{36}\}\\$/);
    await storage.grantAccess('web', path.join(folder, 'sandbox.vhdx'));
    await storage.unmount(folder);
    await storage.destroy(folder);
  });

  test('a disk that is not ready at first', async () => {
    const folder = path.join(image.folder, 'scratch');
    mkdirSync(folder);
    await storage.createScratch(folder, layers);
    inject({ function: 'ActivateLayer', hresult: 0x80070015 });
    inject({ function: 'PrepareLayer', hresult: 0x8007048f, times: 2 });
    await storage.mount(folder, layers);
    await storage.unmount(folder);
    inject({ function: 'PrepareLayer', hresult: 0x80070005 });
    assert.equal((await rejection(storage.mount(folder, layers)))['code'], 'ERR_CONTAINERV_PERMISSION');
    await storage.destroy(folder);
  });

  test('many are mounted one at a time', async () => {
    const folders = ['a', 'b', 'c'].map((name) => path.join(image.folder, name));
    for (const folder of folders) {
      mkdirSync(folder);
      await storage.createScratch(folder, layers);
    }
    await Promise.all(folders.map(async (folder) => storage.mount(folder, layers)));
    for (const folder of folders) {
      await storage.unmount(folder);
      await storage.destroy(folder);
    }
  });
});
