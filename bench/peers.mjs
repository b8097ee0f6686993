import { execFileSync, spawn, spawnSync } from 'node:child_process';
import path from 'node:path';

/** Starts a program on the host as a user of child_process would, and resolves when it and its pipes are done. */
export function spawnOnHost(command, args = []) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const errors = [];
    child.stdout.resume();
    child.stderr.on('data', (chunk) => errors.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command}: exit ${code}: ${Buffer.concat(errors)}`)),
    );
  });
}

/** The first line of what `command --version` says; undefined when it is not here or does not run. */
export function versionOf(command) {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0].trim() : undefined;
}

/** A root directory with one static program, and the program of the floor. */
export function prepare(directory, source) {
  const root = path.join(directory, 'root');
  execFileSync('mkdir', [
    '-p',
    ...['bin', 'proc', 'dev', 'sys', 'tmp', 'etc'].map((name) => path.join(root, name)),
  ]);
  compile('int main(void) { return 0; }', ['-static', '-x', 'c', '-', '-o', path.join(root, 'bin/true')]);
  const floor = path.join(directory, 'floor');
  compile('', [source, '-o', floor]);
  const work = path.join(directory, 'floor-work');
  execFileSync('mkdir', ['-p', work]);
  return { root, floor, work };
}

export function compile(input, args) {
  execFileSync(process.env.CC ?? 'cc', ['-O2', '-Wall', '-Wextra', ...args], { input });
}

/** Durations that the floor program measured by itself: starting it is no part of them. */
export function runFloor({ root, floor, work }, runs) {
  return execFileSync(floor, [root, work, String(runs)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);
}
