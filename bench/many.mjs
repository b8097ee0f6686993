// Containers beside many others, and many at once. `node bench/many.mjs`, as root.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { createContainer } from '../packages/containerv/dist/index.js';
import { prepare } from './peers.mjs';
import { median, sample } from './statistics.mjs';
import { print } from './table.mjs';

const LIVE = 500;
const CREATES = 60;
const AT_ONCE = 64;
const ROUNDS = 6;

const directory = mkdtempSync(path.join(tmpdir(), 'containerv-bench-'));
process.env.CONTAINERV_STATE_DIR = path.join(directory, 'state');
process.env.CONTAINERV_DATA_DIR = path.join(directory, 'data');
const live = [];
try {
  const { root } = prepare(directory, new URL('floor.c', import.meta.url).pathname);
  const options = { rootfs: root, namespaces: { user: false } };
  await benchParallel(options);
  await benchLive(options);
} finally {
  await Promise.all(live.map((container) => container.destroy()));
  rmSync(directory, { recursive: true, force: true });
}

async function whole(options) {
  const container = await createContainer(options);
  try {
    await container.run('/bin/true');
  } finally {
    await container.destroy();
  }
}

/** Containers a second, one after the other and 64 at once, in turns. */
async function benchParallel(options) {
  const rate = async (work) => {
    const startedAt = performance.now();
    await work();
    return (AT_ONCE / (performance.now() - startedAt)) * 1000;
  };
  const together = () => Promise.all(Array.from({ length: AT_ONCE }, () => whole(options)));
  const apart = async () => {
    for (let i = 0; i < AT_ONCE; i++) await whole(options);
  };
  const rates = { apart: [], together: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const pair = [await rate(apart), await rate(together)];
    // The first round is for warming up.
    if (round === 0) continue;
    rates.apart.push(pair[0]);
    rates.together.push(pair[1]);
  }
  const [apart_, together_] = [median(rates.apart), median(rates.together)];
  console.log(`Create, run /bin/true, destroy on ${availableParallelism()} processors: containers a second`);
  console.log(`  one after the other ${apart_.toFixed(0).padStart(6)}`);
  console.log(
    `  64 at once          ${together_.toFixed(0).padStart(6)}, ${(together_ / apart_).toFixed(2)} times as many\n`,
  );
}

/** How long it takes to create one, alone and with 500 others alive. */
async function benchLive(options) {
  const created = [];
  const create = async () => void created.push(await createContainer(options));
  const measure = async () => {
    const times = [];
    for (let i = 0; i < CREATES; i++) {
      times.push(...(await sample(1, create)));
      await created.pop().destroy();
    }
    return times;
  };
  await measure();
  const times = { 'no other container': await measure() };
  while (live.length < LIVE) {
    live.push(...(await Promise.all(Array.from({ length: 20 }, () => createContainer(options)))));
  }
  times[`${LIVE} others`] = await measure();
  await Promise.all(live.splice(0).map((container) => container.destroy()));
  times['none again'] = await measure();
  print('Create a container beside', times, 'no other');
}
