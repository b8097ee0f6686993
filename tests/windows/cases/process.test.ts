// Containers of every kind, from the documents that the driver builds, and their processes with real streams.
import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ContainerOptions,
  type ContainerSpec,
  resolveContainerOptions,
  resolveRunOptions,
  resolveSpawnOptions,
  type RunOptions,
  type SpawnOptions,
} from 'containerv-api';
import { buildComputeSystem } from '../../../packages/containerv-windows/src/documents/build-compute-system.js';
import { buildProcessParameters } from '../../../packages/containerv-windows/src/documents/build-process-parameters.js';
import {
  buildHostedContainer,
  utilityVmSetup,
} from '../../../packages/containerv-windows/src/documents/hosted-container.js';
import type { HcsSystem } from '../../../packages/containerv-windows/src/hcs/hcs-api.js';
import { type HostComputeService, openHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import { runProcess } from '../../../packages/containerv-windows/src/process/run.js';
import { RunningProcess } from '../../../packages/containerv-windows/src/process/running-process.js';
import { WindowsProcess } from '../../../packages/containerv-windows/src/process/windows-process.js';
import type { Layer } from '../../../packages/containerv-windows/src/storage/layer-storage.js';
import type { WindowsHost } from '../../../packages/containerv-windows/src/windows-host.js';
import { GUEST, inject, makeImage, NOTHING_LEFT, rejection, report } from '../support/fake.js';
import { after, afterEach, before, describe, test } from '../support/node-test.js';

const image = makeImage();
let containers = 0;
let service: HostComputeService;
let layers: Layer[];

before(async () => {
  service = await openHcs();
  layers = [await service.storage.identify(image.top), await service.storage.identify(image.base)];
});
after(() => image.remove());
afterEach(async () => assert.deepEqual(await report(), NOTHING_LEFT));

function specOf(options: ContainerOptions = {}): ContainerSpec {
  return resolveContainerOptions({ id: 'web', rootfs: image.top, ...options });
}

interface Running {
  readonly system: HcsSystem;
  readonly spec: ContainerSpec;
  end(): Promise<void>;
}

/** Every step that a container of this kind takes, and back. */
async function start(options: ContainerOptions = {}): Promise<Running> {
  const spec = specOf(options);
  const shared = spec.windows?.isolation === 'process';
  const scratch = path.join(image.folder, `scratch-${containers++}`);
  mkdirSync(scratch);
  await service.storage.createScratch(scratch, layers);
  const host: WindowsHost = {
    build: 20_348,
    processors: 2,
    storage: {
      kind: 'windowsfilter',
      layers: layers.map(({ id, path: folder }) => ({ id, path: folder })),
      scratchPath: scratch,
      volumePath: shared ? await service.storage.mount(scratch, layers) : undefined,
      utilityVmPath: path.join(image.base, 'UtilityVM'),
      utilityVmScratchPath: path.join(image.base, 'UtilityVM', 'SystemTemplate.vhdx'),
    },
  };
  const machine = !shared && spec.windows?.schema !== 'v1';
  if (machine) await service.storage.grantAccess('web@vm', path.join(scratch, 'sandbox.vhdx'));
  const outer = await service.hcs.create(machine ? 'web@vm' : 'web', buildComputeSystem(spec, host));
  await outer.start();
  const system = machine ? await startHosted(outer, spec, host) : outer;
  return {
    system,
    spec,
    async end() {
      await system.terminate();
      await system.close();
      if (machine) {
        await outer.terminate();
        await outer.close();
      }
      if (shared) await service.storage.unmount(scratch);
      await service.storage.destroy(scratch);
    },
  };
}

async function startHosted(machine: HcsSystem, spec: ContainerSpec, host: WindowsHost): Promise<HcsSystem> {
  for (const request of utilityVmSetup(spec, host)) await machine.modify(request);
  const system = await service.hcs.create('web', buildHostedContainer(spec, host, 'web@vm'));
  await system.start();
  return system;
}

async function spawn(
  { system, spec }: Running,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<WindowsProcess> {
  const process_ = resolveSpawnOptions(GUEST, args, { cwd: '/', ...options }, spec);
  const started = await RunningProcess.start(
    system,
    buildProcessParameters(spec, process_),
    process_,
    'windows',
  );
  return new WindowsProcess(started, process_.tty !== undefined);
}

async function run(
  { system, spec }: Running,
  args: readonly string[],
  options: RunOptions = {},
  command = GUEST,
) {
  const process_ = resolveRunOptions(command, args, options, spec);
  return runProcess(system, buildProcessParameters(spec, process_), process_, 'windows');
}

const kinds: readonly [string, ContainerOptions][] = [
  ['process isolation, schema v2', { windows: { isolation: 'process' } }],
  ['process isolation, schema v1', { windows: { isolation: 'process', schema: 'v1' } }],
  ['Hyper-V isolation, schema v2', {}],
  ['Hyper-V isolation, schema v1', { windows: { schema: 'v1' } }],
];

for (const [kind, options] of kinds) {
  test(`${kind}: from the documents to a command's output, and nothing is left`, async () => {
    const container = await start({
      ...options,
      hostname: 'box',
      limits: { memory: '256M', cpus: 1 },
      mounts: [{ source: image.folder, target: '/data', readonly: true }],
    });
    assert.equal((await run(container, ['both'])).stdout, 'out');
    await container.end();
  });
}

test('a Linux container: from the documents to a process, and nothing is left', async () => {
  const spec = specOf({
    windows: { containerType: 'linux' },
    mounts: [{ source: image.folder, target: '/data' }],
  });
  const host: WindowsHost = {
    build: 20_348,
    processors: 2,
    storage: {
      kind: 'linux',
      rootfsPath: image.folder,
      kernelPath: 'C:\\l\\kernel',
      initrdPath: 'C:\\l\\initrd.img',
    },
  };
  const machine = await service.hcs.create('web@vm', buildComputeSystem(spec, host));
  await machine.start();
  const system = await startHosted(machine, spec, host);
  // Without a process of its own in the parameters, it is the one of the document.
  const init = await system.createProcess({
    CreateStdInPipe: true,
    CreateStdOutPipe: false,
    CreateStdErrPipe: false,
  });
  const process_ = resolveRunOptions('/bin/guest', ['both'], {}, spec);
  const { stdout, stderr } = await runProcess(
    system,
    buildProcessParameters(spec, process_),
    process_,
    'linux',
  );
  assert.deepEqual([stdout, stderr], ['out', 'err']);
  await init.terminate();
  await init.exited;
  await init.close();
  for (const each of [system, machine]) {
    await each.terminate();
    await each.close();
  }
});

test('no process runs in the virtual machine itself', async () => {
  const container = await start();
  const machine = await service.hcs.open('web@vm');
  const error = await rejection(
    machine.createProcess(buildProcessParameters(container.spec, resolveSpawnOptions(GUEST, []))),
  );
  assert.match(error.message, /outside of the container/);
  await machine.close();
  await container.end();
  const { violations, ...rest } = await report();
  assert.deepEqual(violations, ['process in web@vm: a process outside of the container']);
  assert.deepEqual(rest, { handles: {}, strings: 0, systems: [], layers: [], disks: [] });
});

describe('streams', () => {
  const container = (body: (container: Running) => Promise<void>) => async () => {
    const running = await start({ windows: { isolation: 'process' } });
    try {
      await body(running);
    } finally {
      await running.end();
    }
  };

  test(
    'large and binary output comes whole',
    container(async (running) => {
      const size = 8 * 1024 ** 2 + 7;
      const { stdout } = await run(running, ['fill', String(size)], { encoding: 'buffer', maxBuffer: size });
      const bytes = stdout as Buffer;
      assert.equal(bytes.length, size);
      assert.ok(bytes.every((byte, at) => byte === at % 251));
    }),
  );

  test(
    'large input comes back, and its end is seen',
    container(async (running) => {
      const input = Buffer.alloc(4 * 1024 ** 2, 'äöü\r\n\0');
      const process_ = await spawn(running, ['cat']);
      const output = buffer(process_.stdout!);
      process_.stdin!.end(input);
      assert.ok((await output).equals(input));
      assert.deepEqual(await process_.wait().then(({ exitCode, cause }) => [exitCode, cause]), [0, 'exit']);
    }),
  );

  test(
    'stdout and stderr are apart; events come in order',
    container(async (running) => {
      const process_ = await spawn(running, ['both']);
      const events: string[] = [];
      process_.on('exit', () => events.push('exit')).on('close', () => events.push('close'));
      assert.deepEqual(await Promise.all([text(process_.stdout!), text(process_.stderr!)]), ['out', 'err']);
      await process_.wait();
      assert.deepEqual(events, ['exit', 'close']);
    }),
  );

  test(
    'what nobody reads is kept',
    container(async (running) => {
      const process_ = await spawn(running, ['both']);
      await process_.wait();
      await sleep(100);
      assert.equal(await text(process_.stdout!), 'out');
      process_.stderr!.resume();
    }),
  );

  test(
    'into a file, into a stream, and nowhere',
    container(async (running) => {
      const file = path.join(image.folder, 'output');
      const fd = openSync(file, 'w');
      const stream = new PassThrough();
      const process_ = await spawn(running, ['both'], { stdio: ['ignore', fd, stream] });
      assert.deepEqual(process_.stdio, [null, null, null]);
      await process_.wait();
      stream.end();
      assert.equal(await text(stream), 'err');
      closeSync(fd);
      assert.equal(readFileSync(file, 'utf8'), 'out');
      const silent = await spawn(running, ['both'], { stdio: 'ignore' });
      assert.equal((await silent.wait()).exitCode, 0);
      const extra = await rejection(
        spawn(running, ['both'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] }),
      );
      assert.equal(extra['code'], 'ERR_CONTAINERV_UNSUPPORTED');
    }),
  );

  test(
    'all of it is in a file when the wait is over',
    container(async (running) => {
      const size = 3 * 1024 ** 2 + 1;
      for (const [round, name] of ['first', 'second', 'third'].entries()) {
        const file = path.join(image.folder, name);
        const fd = openSync(file, 'w');
        const process_ = await spawn(running, ['fill', String(size + round)], {
          stdio: ['ignore', fd, 'ignore'],
        });
        await process_.wait();
        assert.equal(fstatSync(fd).size, size + round);
        closeSync(fd);
      }
    }),
  );

  test(
    'a command that does not read its input, and one that waits for none',
    container(async (running) => {
      assert.equal((await run(running, ['exit', '0'], { input: Buffer.alloc(1 << 20) })).exitCode, 0);
      assert.equal((await run(running, ['cat'])).stdout, '');
    }),
  );
});

describe('a command', () => {
  const container = (body: (container: Running) => Promise<void>) => async () => {
    const running = await start({ windows: { isolation: 'process' }, env: { GREETING: 'é漢', EMPTY: '' } });
    try {
      await body(running);
    } finally {
      await running.end();
    }
  };

  test(
    'gets its arguments exactly',
    container(async (running) => {
      const args = [
        '',
        'a b',
        'q"x',
        'tail\\',
        'a b\\',
        String.raw`\\"x`,
        '%OS%',
        '^&|<>()',
        'é漢',
        '\t',
        '"',
        '\\\\',
        "'",
      ];
      const { stdout } = await run(running, ['args', ...args]);
      assert.deepEqual((stdout as string).split('\0').slice(0, -1), args);
    }),
  );

  test(
    'gets its environment and directory',
    container(async (running) => {
      assert.equal((await run(running, ['env', 'GREETING'])).stdout, 'é漢');
      assert.equal((await run(running, ['env', 'EMPTY'])).stdout, '');
      assert.equal((await run(running, ['env', 'PATH'])).stdout, 'C:\\Windows\\System32;C:\\Windows');
      assert.equal(
        (await run(running, ['cwd'], { cwd: '/windows/system32' })).stdout.toString().toLowerCase(),
        'c:\\windows\\system32',
      );
    }),
  );

  test(
    'that fails tells its code and what it said',
    container(async (running) => {
      const error = await rejection(run(running, ['exit', '42']));
      assert.equal(error['code'], 'ERR_CONTAINERV_RUN');
      assert.equal((error['result'] as { exitCode: number }).exitCode, 42);
      assert.equal((await run(running, ['exit', '0xC0000005'], { reject: false })).exitCode, 0xc0000005);
    }),
  );

  test(
    'that is not there, or no program, or without its directory',
    container(async (running) => {
      const none = await rejection(run(running, [], {}, 'C:\\none.exe'));
      assert.deepEqual(
        [none['code'], none['errno'], none['path']],
        ['ERR_CONTAINERV_SPAWN', 'ENOENT', 'C:\\none.exe'],
      );
      const cwd = await rejection(run(running, ['cwd'], { cwd: '/none' }));
      assert.deepEqual([cwd['code'], cwd['path']], ['ERR_CONTAINERV_NOT_FOUND', '/none']);
    }),
  );

  test(
    'is killed, timed out, aborted',
    container(async (running) => {
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
        const process_ = await spawn(running, ['sleep', '60000']);
        await process_.kill(signal);
        const { exitCode, signal: ended, cause } = await process_.wait();
        assert.deepEqual([exitCode, ended, cause], [null, signal, 'signal']);
        await process_.kill();
      }
      const process_ = await spawn(running, ['sleep', '60000']);
      assert.equal((await rejection(process_.kill('SIGUSR1')))['code'], 'ERR_CONTAINERV_UNSUPPORTED');
      assert.equal(
        (await rejection(process_.resize({ columns: 1, rows: 1 })))['code'],
        'ERR_CONTAINERV_STATE',
      );
      await process_.kill('SIGKILL');
      await process_.wait();
      assert.equal(
        (await rejection(run(running, ['sleep', '60000'], { timeout: 100 })))['code'],
        'ERR_CONTAINERV_TIMEOUT',
      );
      const controller = new AbortController();
      const aborted = rejection(run(running, ['sleep', '60000'], { signal: controller.signal }));
      setTimeout(() => controller.abort(new Error('enough')), 100);
      const error = await aborted;
      assert.deepEqual([error['code'], (error.cause as Error).message], ['ERR_CONTAINERV_ABORTED', 'enough']);
    }),
  );

  test(
    'that does not listen to a signal is ended by force',
    container(async (running) => {
      inject({ function: 'HcsSignalProcess', hresult: 0x80370105 });
      assert.equal(
        (await rejection(run(running, ['sleep', '60000'], { timeout: 100 })))['code'],
        'ERR_CONTAINERV_TIMEOUT',
      );
    }),
  );

  test(
    'that writes too much is ended',
    container(async (running) => {
      const error = await rejection(run(running, ['fill', '1000000'], { maxBuffer: 1000 }));
      assert.match(error.message, /more than 1000 bytes to stdout/);
      assert.equal((error['result'] as { stdout: string }).stdout.length > 0, true);
    }),
  );

  test(
    'with a terminal has one output, and a size',
    container(async (running) => {
      const process_ = await spawn(running, ['both'], { tty: { columns: 100, rows: 30 } });
      assert.equal(process_.stderr, null);
      assert.equal(await text(process_.stdout!), 'outerr');
      await process_.wait();
      const waiting = await spawn(running, ['sleep', '60000'], { tty: true });
      await waiting.resize({ columns: 132, rows: 43 });
      await waiting.kill('SIGKILL');
      waiting.stdout!.resume();
      await waiting.wait();
    }),
  );

  test('ends with its container', async () => {
    const running = await start({ windows: { isolation: 'process' } });
    const process_ = await spawn(running, ['sleep', '60000']);
    process_.stdout!.resume();
    await running.system.terminate();
    assert.equal((await process_.wait()).cause === 'signal', false);
    await running.end();
  });
});
