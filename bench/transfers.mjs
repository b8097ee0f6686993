// Copying into and out of a container beside cp and beside tar through a pipe, which is how docker cp and kubectl cp
// do it. `node bench/transfers.mjs`, as root; sizes are those of the targets in README.md.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createContainer } from '../packages/containerv/dist/index.js';
import { median } from './statistics.mjs';

const ROUNDS = 5;
const LARGE_BYTES = 2 ** 30;
const SMALL_FILES = 10_000;
const SMALL_BYTES = 1500;
const PER_DIRECTORY = 100;

const directory = mkdtempSync(path.join(tmpdir(), 'containerv-bench-'));
process.env.CONTAINERV_STATE_DIR = path.join(directory, 'state');
process.env.CONTAINERV_DATA_DIR = path.join(directory, 'data');
try {
  const sources = { 'one file of 1 GiB': makeLarge(), '10,000 small files': makeSmall() };
  for (const [name, source] of Object.entries(sources)) await bench(name, source);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Each round copies to a new place; a ratio is the peer's time by ours in the same round. */
async function bench(name, source) {
  const times = { 'cp -a': [], upload: [], download: [], 'tar | tar in the container': [] };
  const container = await createContainer({ limits: { memory: 'max' } });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const copy = path.join(directory, `copy-${round}`);
      const taken = path.join(directory, `taken-${round}`);
      await timed(times['cp -a'], () => run('cp', ['-a', source, copy]));
      await timed(times.upload, () => container.upload([{ from: source, to: `/srv/${round}` }]));
      await timed(times.download, () => container.download([{ from: `/srv/${round}`, to: taken }]));
      await timed(times['tar | tar in the container'], () => pipe(container, source, `/srv/tar-${round}`));
      rmSync(copy, { recursive: true });
      rmSync(taken, { recursive: true });
      await container.run('rm', ['-rf', `/srv/${round}`, `/srv/tar-${round}`]);
    }
  } finally {
    await container.destroy();
  }
  console.log(`${name.padEnd(28)}  median ms   speed of cp -a   speed of tar`);
  for (const [contestant, values] of Object.entries(times)) {
    const ratio = (peer) => median(times[peer].map((value, round) => value / values[round])).toFixed(2);
    console.log(
      `  ${contestant.padEnd(26)} ${median(values).toFixed(0).padStart(10)} ${ratio('cp -a').padStart(15)} ${ratio('tar | tar in the container').padStart(14)}`,
    );
  }
  console.log();
}

async function timed(times, work) {
  // What the last one left to be written is not this one's.
  execFileSync('sync');
  const startedAt = performance.now();
  await work();
  times.push(performance.now() - startedAt);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    spawn(command, args, { stdio: 'inherit' }).on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command}: ${code}`)),
    );
  });
}

async function pipe(container, source, target) {
  await container.run('mkdir', ['-p', target]);
  const tar = spawn('tar', ['-C', path.dirname(source), '-cf', '-', path.basename(source)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await container.run('tar', ['-C', target, '-xf', '-'], { input: tar.stdout });
}

function makeLarge() {
  const file = path.join(directory, 'large');
  const part = Buffer.alloc(2 ** 20, 'containerv');
  for (let done = 0; done < LARGE_BYTES; done += part.length) writeFileSync(file, part, { flag: 'a' });
  return file;
}

function makeSmall() {
  const tree = path.join(directory, 'small');
  for (let index = 0; index < SMALL_FILES; index++) {
    const inner = path.join(tree, String(Math.floor(index / PER_DIRECTORY)));
    if (index % PER_DIRECTORY === 0) mkdirSync(inner, { recursive: true });
    writeFileSync(path.join(inner, `file-${index}`), Buffer.alloc(SMALL_BYTES, index));
  }
  return tree;
}
