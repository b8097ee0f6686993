// Prints the benchmark tables: every figure beside a peer or a floor measured in the same run. The figures that count
// are the ratios; nothing here passes or fails.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContainer, listContainers } from '../packages/containerv/dist/index.js';
import { benchFiles } from './files.mjs';
import { prepare, runFloor, spawnOnHost, versionOf } from './peers.mjs';
import { benchServeExec } from './serve-exec.mjs';
import { sample, takeTurns } from './statistics.mjs';
import { print } from './table.mjs';

const ROUNDS = 8;
const RUNS = 25;
const BWRAP = ['--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev', 'true'];
const here = path.dirname(fileURLToPath(import.meta.url));

if (process.getuid() !== 0) {
  console.error('The benchmark compares with programs that need root: run it as root.');
  process.exit(1);
}

const directory = mkdtempSync(path.join(tmpdir(), 'containerv-bench-'));
process.env.CONTAINERV_STATE_DIR = path.join(directory, 'state');
process.env.CONTAINERV_DATA_DIR = path.join(directory, 'data');
try {
  printMachine();
  const place = prepare(directory, path.join(here, 'floor.c'));
  await benchWhole(place);
  await benchWarm();
  await benchFiles(directory, path.join(here, 'open.c'), { rounds: ROUNDS, runs: RUNS });
  await benchServeExec(directory, place, path.join(here, 'start.c'), { rounds: ROUNDS, runs: RUNS });
  await benchMemory();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function printMachine() {
  const [processor] = cpus();
  console.log(
    `${cpus().length} x ${processor.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()} ${arch()}, Node ${process.version}`,
  );
  console.log(`${ROUNDS} rounds of ${RUNS} runs each, contestants in turn; milliseconds\n`);
}

/** Create, run /bin/true, destroy. */
async function benchWhole(place) {
  const whole = (options) => async () => {
    const container = await createContainer(options);
    try {
      await container.run('/bin/true');
    } finally {
      await container.destroy();
    }
  };
  const root = { rootfs: place.root, namespaces: { user: false } };
  const contestants = {
    'floor (C, no limits, no filter)': async (runs) => runFloor(place, runs),
    'containerv, directory root': async (runs) => sample(runs, whole(root)),
    'containerv, directory root, user namespace': async (runs) => sample(runs, whole({ rootfs: place.root })),
    'containerv, host root': async (runs) => sample(runs, whole({})),
  };
  const bwrap = versionOf('bwrap');
  if (bwrap !== undefined) {
    contestants[`${bwrap} from Node, whole host root read-only`] = async (runs) =>
      sample(runs, () => spawnOnHost('bwrap', BWRAP));
  }
  print('Create, run /bin/true, destroy', await takeTurns(contestants, ROUNDS, RUNS), 'floor');
  if (bwrap === undefined) console.log('(bwrap is not installed: no row)\n');
}

/** A process in a live container against one on the host, with a small and a large caller. */
async function benchWarm() {
  const container = await createContainer();
  try {
    const contestants = {
      'child_process.spawn on the host': async (runs) => sample(runs, () => spawnOnHost('/bin/true')),
      'run in a live container': async (runs) => sample(runs, () => container.run('/bin/true')),
    };
    print('Run /bin/true', await takeTurns(contestants, ROUNDS, RUNS), 'child_process');
    const ballast = Buffer.alloc(2 ** 30, 1);
    print(
      'Run /bin/true from a Node process with 1 GiB resident',
      await takeTurns(contestants, 3, 15),
      'child_process',
    );
    ballast.fill(0);
  } finally {
    await container.destroy();
  }
}

/** What an idle container's init keeps in memory. */
async function benchMemory() {
  const container = await createContainer();
  try {
    const info = (await listContainers()).find(({ id }) => id === container.id);
    const rollup = readFileSync(`/proc/${info.initPid}/smaps_rollup`, 'utf8');
    const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)[1]);
    console.log('Memory of an idle container');
    console.log(
      `  init: ${kib('Pss')} KiB proportional (PSS), ${kib('Rss')} KiB resident, ${kib('Private_Dirty')} KiB private`,
    );
  } finally {
    await container.destroy();
  }
}
