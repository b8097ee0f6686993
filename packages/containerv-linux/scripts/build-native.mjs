// Builds the addon, containerv-init and serve-exec with node-gyp and puts them where the driver looks for them:
// dist/native/<arch>-<libc>/. Uses the headers beside the running Node when they are there, so that
// a build needs no network.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

if (process.platform !== 'linux') {
  console.log(`containerv-linux: nothing to build on ${process.platform}`);
  process.exit(0);
}

const prefix = path.resolve(process.execPath, '../..');
const args = [
  require.resolve('node-gyp/bin/node-gyp.js'),
  'rebuild',
  '-C',
  path.join(home, 'native'),
  '--loglevel=warn',
];
if (existsSync(path.join(prefix, 'include/node/node_api.h'))) args.push(`--nodedir=${prefix}`);
execFileSync(process.execPath, args, {
  stdio: 'inherit',
  cwd: home,
  env: { ...process.env, MAKEFLAGS: process.env.MAKEFLAGS ?? '-j2' },
});

const libc = process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl';
const target = path.join(home, 'dist/native', `${process.arch}-${libc}`);
rmSync(path.join(home, 'dist/native'), { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const name of ['containerv.node', 'containerv-init', 'serve-exec']) {
  const staged = path.join(target, `.${name}`);
  copyFileSync(path.join(home, 'native/build/Release', name), staged);
  renameSync(staged, path.join(target, name));
}
