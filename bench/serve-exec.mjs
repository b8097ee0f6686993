// What it costs to run a command in a live container from a shell's point of view, and to pipe through one.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createContainer, listContainers } from '../packages/containerv/dist/index.js';
import { nativeLauncherPath } from '../packages/serve-exec/dist/index.js';
import { compile, versionOf } from './peers.mjs';
import { takeTurns } from './statistics.mjs';
import { print } from './table.mjs';

const PIPED_BYTES = 2 ** 30;
// A program that only ends: what it costs to start it is what it costs to start any.
const BARE = `__attribute__((noreturn)) void _start(void) {
#ifdef __x86_64__
  __asm__ volatile("syscall" ::"a"(231), "D"(0));
#else
  register long number __asm__("x8") = 94, status __asm__("x0") = 0;
  __asm__ volatile("svc 0" ::"r"(number), "r"(status));
#endif
  __builtin_unreachable();
}`;

/**
 * @param place with `root`, a root directory that has a static /bin/true
 * @param source of the program that starts others
 */
export async function benchServeExec(directory, place, source, { rounds, runs }) {
  const launcher = await nativeLauncherPath();
  const start = path.join(directory, 'start');
  compile('', [source, '-o', start]);
  const starting = (command) => async (count) =>
    execFileSync(start, [String(count), ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
      .trim()
      .split('\n')
      .map(Number);
  const container = await createContainer({ rootfs: place.root, namespaces: { user: false } });
  const peers = ociPeers(directory, place.root);
  try {
    const { initPid } = (await listContainers()).find(({ id }) => id === container.id);
    const contestantsFor = (program) => {
      const inside = ['--container', container.id, '--path', program, '--wdir', '/'];
      const nsenter = [which('nsenter'), '-a', '-t', String(initPid), program];
      return {
        'the program directly': starting([path.join(place.root, program)]),
        ...(launcher !== undefined && { 'serve-exec, native': starting([launcher, ...inside]) }),
        'nsenter -a, no confinement': starting(nsenter),
      };
    };
    compile(BARE, ['-static', '-nostdlib', '-O1', '-x', 'c', '-', '-o', path.join(place.root, 'bin/bare')]);
    print(
      'Run a program without a C library in a live container',
      await takeTurns(contestantsFor('/bin/bare'), rounds, runs),
      'the program',
    );
    const contestants = contestantsFor('/bin/true');
    for (const { name, command } of peers) contestants[name] = starting(command);
    print(
      'Run a static /bin/true in a live container',
      await takeTurns(contestants, rounds, runs),
      'the program',
    );
    if (peers.length < 2) console.log(`(of runc and crun, ${peers.length} can run here)\n`);
  } finally {
    for (const { remove } of peers) remove();
    await container.destroy();
  }
  if (launcher !== undefined) await benchPipe(launcher);
}

async function benchPipe(launcher) {
  const container = await createContainer();
  const piping = (program) => async (count) =>
    Array.from({ length: count }, () => {
      const startedAt = performance.now();
      const script = `head -c ${PIPED_BYTES} /dev/zero | ${program} | wc -c`;
      const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
      if (Number(stdout) !== PIPED_BYTES) throw new Error(`${program}: ${stdout} bytes arrived`);
      return performance.now() - startedAt;
    });
  try {
    const contestants = {
      cat: piping('cat'),
      'serve-exec cat': piping(`'${launcher}' --container ${container.id} --path cat --wdir /`),
    };
    print('Pipe 1 GiB through cat', await takeTurns(contestants, 4, 2), 'cat', 0);
  } finally {
    await container.destroy();
  }
}

/** An equal container of each other runtime that is installed and can make one here. */
function ociPeers(directory, root) {
  const hold = path.join(root, 'bin/hold');
  compile('#include <unistd.h>\nint main(void) { for (;;) pause(); }', [
    '-static',
    '-x',
    'c',
    '-',
    '-o',
    hold,
  ]);
  return ['runc', 'crun'].flatMap((runtime) => {
    const version = versionOf(runtime);
    if (version === undefined) return [];
    const bundle = path.join(directory, runtime);
    const state = ['--root', path.join(directory, `${runtime}-state`)];
    mkdirSync(bundle);
    spawnSync(runtime, ['spec'], { cwd: bundle });
    const file = path.join(bundle, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.process.terminal = false;
    config.process.args = ['/bin/hold'];
    config.root = { path: root, readonly: true };
    writeFileSync(file, JSON.stringify(config));
    const id = `bench-${process.pid}`;
    const program = which(runtime);
    const { status } = spawnSync(program, [...state, 'run', '-d', id], { cwd: bundle, stdio: 'ignore' });
    const remove = () => spawnSync(program, [...state, 'delete', '-f', id], { stdio: 'ignore' });
    const command = [program, ...state, 'exec', id, '/bin/true'];
    if (status === 0 && spawnSync(program, command.slice(1)).status === 0)
      return [{ name: `${version} exec`, command, remove }];
    remove();
    return [];
  });
}

function which(name) {
  const found = (process.env.PATH ?? '')
    .split(':')
    .map((place) => path.join(place, name))
    .find(existsSync);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}
