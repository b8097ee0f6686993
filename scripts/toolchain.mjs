// Where the workspace's own tools are, and how they are run: nothing here needs a global installation.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(fileURLToPath(import.meta.url), '../..');
const pnpmHome = path.join(root, 'tools/pnpm');
const windows = process.platform === 'win32';

/** The environment in which turbo, pnpm and what they start find each other. */
export function toolEnvironment() {
  const bins = [path.join(pnpmHome, 'node_modules/.bin'), path.join(root, 'node_modules/.bin')];
  return {
    ...process.env,
    PATH: [...bins, process.env.PATH].join(path.delimiter),
    // turbo's cache does not know which Node made a result.
    NODE_LINE: process.versions.node.split('.')[0],
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
}

/** Runs a command from the workspace root with this terminal; gives its exit status. */
export function run(command, args, environment = toolEnvironment()) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: environment,
    shell: windows,
  });
  if (error !== undefined) throw new Error(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}

/** Runs turbo tasks, quietly where nobody watches; gives the exit status. */
export function turbo(args) {
  if (!existsSync(path.join(root, 'node_modules/.bin/turbo'))) {
    throw new Error('The workspace is not set up yet: run `npm run bootstrap` first');
  }
  const quiet = process.stdout.isTTY ? [] : ['--output-logs=errors-only'];
  return run('turbo', ['run', ...quiet, ...args]);
}

/** The pinned pnpm, installed into tools/pnpm when it is not there yet. */
export function installPnpm() {
  const wanted = readJson(path.join(pnpmHome, 'package.json')).dependencies.pnpm;
  const installed = path.join(pnpmHome, 'node_modules/pnpm/package.json');
  if (existsSync(installed) && readJson(installed).version === wanted && pnpmRuns()) return;
  console.log(`Installing pnpm ${wanted} into tools/pnpm`);
  // Not `npm ci`: it insists on every platform's package in the lock file, and not every registry has them all.
  // Integrity comes from the lock file all the same, and --no-save leaves that as it is.
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const status = run('npm', ['install', '--prefix', pnpmHome, ...flags], process.env);
  if (status !== 0) throw new Error('npm could not install pnpm; see its message above');
  // What its install script would do: put the native binary in place of a shell script without a first line,
  // which a shell can run but turbo cannot.
  if (run(process.execPath, [path.join(pnpmHome, 'node_modules/pnpm/install.js')]) !== 0 || !pnpmRuns()) {
    throw new Error('pnpm was installed but does not run on this machine');
  }
}

function pnpmRuns() {
  const { status } = spawnSync('pnpm', ['--version'], {
    cwd: root,
    env: toolEnvironment(),
    shell: windows,
    stdio: 'ignore',
  });
  return status === 0;
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
