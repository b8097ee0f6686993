// `node windows/service.mjs IMAGE`, on Windows as an administrator: the driver on the real Host Compute Service. IMAGE is the
// windowsfilter folder of an image of this build (docker image inspect -f "{{.GraphDriver.Data.dir}}" IMAGE).
// CONTAINERV_TEST_ISOLATIONS=process,hyperv also makes virtual machines; CONTAINERV_TEST_LAYER is the tar file of a layer
// above that image with C:\layer\file.txt in it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const [image] = process.argv.slice(2);
if (process.platform !== 'win32')
  throw new Error('This needs Windows; elsewhere there is windows/wine.test.ts.');
if (image === undefined) throw new Error('Of which image? node windows/service.mjs IMAGE');

const build = path.join(here, 'build');
const programs = path.join(build, 'programs');
mkdirSync(programs, { recursive: true });
const guest = [
  '-O1',
  '-static',
  '-municode',
  '-o',
  path.join(programs, 'guest.exe'),
  path.join(here, 'fake/guest.c'),
];
execFileSync('gcc', guest, { stdio: 'inherit' });

const tsup = fileURLToPath(new URL('dist/cli-default.js', import.meta.resolve('tsup/package.json')));
execFileSync(process.execPath, [tsup, '--config', 'windows/tsup.config.ts'], {
  cwd: path.dirname(here),
  stdio: 'inherit',
});
const cases = path.join(build, 'packages/bundles/service/service.test.mjs');
const { status } = spawnSync(process.execPath, ['--test', '--test-timeout=600000', cases], {
  env: { ...process.env, CONTAINERV_TEST_IMAGE: image, CONTAINERV_TEST_PROGRAMS: programs },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
