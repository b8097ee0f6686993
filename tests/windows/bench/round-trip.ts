// Create, start, run a command, end: what JavaScript and the calls cost, since the service behind them does nothing but
// start the process. Under Wine, whose own cost of starting one is measured beside it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveContainerOptions, resolveRunOptions } from 'containerv-api';
import { buildComputeSystem } from '../../../packages/containerv-windows/src/documents/build-compute-system.js';
import { buildProcessParameters } from '../../../packages/containerv-windows/src/documents/build-process-parameters.js';
import { createOn } from '../../../packages/containerv-windows/src/create-container.js';
import { openHcs } from '../../../packages/containerv-windows/src/hcs/open-hcs.js';
import { runProcess } from '../../../packages/containerv-windows/src/process/run.js';
import { GUEST, makeImage } from '../support/fake.js';

const ROUNDS = 30;

const image = makeImage();
const { hcs, storage } = await openHcs();
const layers = [await storage.identify(image.top), await storage.identify(image.base)];
const spec = resolveContainerOptions({ id: 'web', rootfs: image.top, windows: { schema: 'v1' } });
const command = resolveRunOptions(GUEST, ['both'], {}, spec);
const host = {
  build: 20_348,
  processors: 2,
  storage: {
    kind: 'windowsfilter' as const,
    layers: layers.map(({ id, path: folder }) => ({ id, path: folder })),
    scratchPath: image.folder,
    utilityVmPath: path.join(image.base, 'UtilityVM'),
  },
};

async function container(withCommand: boolean): Promise<void> {
  const system = await hcs.create('web', buildComputeSystem(spec, host));
  await system.start();
  if (withCommand) await runProcess(system, buildProcessParameters(spec, command), command, 'windows');
  await system.terminate();
  await system.close();
}

// The driver's whole way: claim, layer, description, system, command, and all of it back.
process.env['CONTAINERV_STATE_DIR'] = path.join(image.folder, 'state');
process.env['CONTAINERV_DATA_DIR'] = path.join(image.folder, 'data');

async function whole(isolation: 'process' | 'hyperv'): Promise<void> {
  const facts = { build: host.build, processors: host.processors, arch: 'x64' } as const;
  const made = await createOn(facts, { rootfs: image.top, windows: { isolation } });
  await made.run(GUEST, ['both']);
  await made.destroy();
}

async function child(): Promise<void> {
  await new Promise((resolve) => spawn(GUEST, ['both'], { stdio: 'pipe' }).once('close', resolve));
}

const delay = monitorEventLoopDelay({ resolution: 1 });
for (const [name, round] of [
  // What the machine alone does to an event loop: the other stalls are to be read beside it.
  ['waiting for 50 ms', async () => sleep(50)],
  ['container without a command', async () => container(false)],
  ['container with a command', async () => container(true)],
  ['createContainer, run, destroy: process', async () => whole('process')],
  ['createContainer, run, destroy: hyperv', async () => whole('hyperv')],
  ['child_process.spawn of the same command', child],
] as const) {
  for (let warm = 0; warm < 5; warm++) await round();
  delay.reset();
  delay.enable();
  const times: number[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    const start = performance.now();
    await round();
    times.push(performance.now() - start);
  }
  delay.disable();
  times.sort((a, b) => a - b);
  const median = times[ROUNDS >> 1] ?? 0;
  const stall = delay.max / 1e6;
  process.stdout.write(
    `${name.padEnd(42)} ${median.toFixed(2)} ms, loop stalled at most ${stall.toFixed(1)} ms\n`,
  );
}
image.remove();
process.exit(0);
