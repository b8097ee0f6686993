// `node scripts/pack-release.mjs DIRECTORY`: packs every package as it is published. What is native goes into a package
// for this machine's processor and C library, `containerv-linux-x64-gnu` and the like, of which npm installs the one
// that fits: run this on one machine of each kind, and publish what all of them made. The driver's own tarball is the
// same from each. What a `pnpm pack` of the driver holds is for this kind of machine only.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runAsScript } from './bootstrap.mjs';
import { readJson, root, run } from './toolchain.mjs';

const DRIVER = 'containerv-linux';
const TARGETS = ['x64-gnu', 'x64-musl', 'arm64-gnu', 'arm64-musl'];

/** package.json of what is native for one kind of machine. */
export function platformManifest({ name, version, license, engines }, target) {
  const [cpu, libc] = target.split('-');
  return {
    name: `${name}-${target}`,
    version,
    description: `What is native of ${name}, for Linux on ${cpu} with ${libc === 'gnu' ? 'glibc' : 'musl'}.`,
    license,
    os: ['linux'],
    cpu: [cpu],
    libc: [libc === 'gnu' ? 'glibc' : 'musl'],
    engines,
    exports: { './package.json': './package.json' },
    files: ['native'],
  };
}

/** package.json of the driver without anything native: exact versions, since the two halves speak one protocol. */
export function driverManifest(manifest) {
  const { name, version } = manifest;
  return {
    ...manifest,
    optionalDependencies: Object.fromEntries(TARGETS.map((target) => [`${name}-${target}`, version])),
  };
}

export function packRelease(directory) {
  mkdirSync(directory, { recursive: true });
  const work = mkdtempSync(path.join(directory, '.work-'));
  try {
    for (const name of readdirSync(path.join(root, 'packages'))) {
      succeed('pnpm', ['--dir', path.join(root, 'packages', name), 'pack', '--pack-destination', directory]);
    }
    const { version } = readJson(path.join(root, 'packages', DRIVER, 'package.json'));
    const packed = path.join(directory, `${DRIVER}-${version}.tgz`);
    succeed('tar', ['-xzf', packed, '-C', work]);
    splitDriver(path.join(work, 'package'), path.join(work, 'platform'));
    rmSync(packed);
    for (const part of readdirSync(work)) {
      succeed('npm', ['pack', '--silent', '--pack-destination', directory, path.join(work, part)]);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Moves what is native from the driver's packed directory into that of a package for its kind of machine. */
function splitDriver(driver, platform) {
  const manifest = readJson(path.join(driver, 'package.json'));
  const native = path.join(driver, 'dist/native');
  const targets = existsSync(native) ? readdirSync(native) : [];
  for (const target of targets) {
    if (!TARGETS.includes(target)) throw new Error(`${DRIVER} is not published for ${target}`);
    const home = `${platform}-${target}`;
    cpSync(path.join(native, target), path.join(home, 'native'), { recursive: true });
    cpSync(path.join(root, 'LICENSE'), path.join(home, 'LICENSE'));
    writeJson(path.join(home, 'package.json'), platformManifest(manifest, target));
  }
  rmSync(native, { recursive: true, force: true });
  writeJson(path.join(driver, 'package.json'), driverManifest(manifest));
}

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

function succeed(command, args) {
  if (run(command, args) !== 0) throw new Error(`${command} ${args[0]} failed; see its message above`);
}

await runAsScript(import.meta.url, () => {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) throw new Error('Usage: node scripts/pack-release.mjs DIRECTORY');
  packRelease(path.resolve(directory));
});
