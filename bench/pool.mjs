// A process in a container that was ready, beside a process on the host. `node bench/pool.mjs`, as root.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '../packages/containerv/dist/index.js';
import { spawnOnHost } from './peers.mjs';
import { median, quantile, sample } from './statistics.mjs';

const ROUNDS = 12;
const SIZE = 8;

const directory = mkdtempSync(path.join(tmpdir(), 'containerv-bench-'));
process.env.CONTAINERV_STATE_DIR = path.join(directory, 'state');
process.env.CONTAINERV_DATA_DIR = path.join(directory, 'data');
const pool = await createPool({ size: SIZE });
const taken = [];
try {
  const times = { 'child_process.spawn on the host': [], 'take() and run in a pool of 8': [] };
  for (let round = 0; round <= ROUNDS; round++) {
    while (pool.ready < SIZE) await sleep(20);
    const ours = await sample(SIZE / 2, async () => {
      const container = await pool.take();
      taken.push(container);
      await container.run('/bin/true');
    });
    const theirs = await sample(SIZE / 2, () => spawnOnHost('/bin/true'));
    await Promise.all(taken.splice(0).map((container) => container.destroy()));
    // The first round is for warming up.
    if (round === 0) continue;
    times['take() and run in a pool of 8'].push(...ours);
    times['child_process.spawn on the host'].push(...theirs);
  }
  const base = median(times['child_process.spawn on the host']);
  console.log('Run /bin/true, milliseconds          median     p95   ratio');
  for (const [name, values] of Object.entries(times)) {
    const figures = [median(values), quantile(values, 0.95), median(values) / base];
    console.log(`  ${name.padEnd(32)} ${figures.map((value) => value.toFixed(2).padStart(7)).join(' ')}`);
  }
} finally {
  await Promise.all(taken.map((container) => container.destroy()));
  await pool.destroy();
  rmSync(directory, { recursive: true, force: true });
}
