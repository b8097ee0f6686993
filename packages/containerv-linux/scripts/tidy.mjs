// tidy [--all] [--analyze] [FILE...]: holds native/ to .clang-tidy. Unless files are named, what runs on the container's side;
// with --all the addon too, and with --analyze by the static analyzer as well: each takes minutes of a processor. Says so,
// and ends well, where there is no clang-tidy; TIDY chooses one.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const home = fileURLToPath(new URL('..', import.meta.url));
const native = path.join(home, 'native');
const prefix = path.resolve(process.execPath, '../..');

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false }, analyze: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const COMMON = ['-std=c++20', '-Wall', '-Wextra'];
const WITHOUT_EXCEPTIONS = [...COMMON, '-fno-exceptions', '-fno-rtti'];
/** As native/binding.gyp builds them. */
const FLAGS = {
  addon: [
    ...COMMON,
    '-DNAPI_VERSION=9',
    '-DNODE_ADDON_API_CPP_EXCEPTIONS',
    `-isystem${path.dirname(createRequire(import.meta.url).resolve('node-addon-api/napi.h'))}`,
    `-isystem${path.join(prefix, 'include/node')}`,
  ],
  common: WITHOUT_EXCEPTIONS,
  init: WITHOUT_EXCEPTIONS,
  sanitize: [...WITHOUT_EXCEPTIONS, '-DSANITIZER_REPORT=""'],
  'serve-exec': [...WITHOUT_EXCEPTIONS, '-DSERVE_EXEC_VERSION=""'],
};

const tidy = [process.env['TIDY'], 'clang-tidy', 'clang-tidy-19', 'clang-tidy-16', 'clang-tidy-14'].find(
  (name) => name !== undefined && name !== '' && spawnSync(name, ['--version']).status === 0,
);
if (tidy === undefined) {
  console.log('containerv-linux: no clang-tidy (apt-get install clang-tidy); its checks were left out');
} else if (!existsSync(path.join(prefix, 'include/node/node_api.h'))) {
  console.log('containerv-linux: no headers beside this Node; the checks of clang-tidy were left out');
} else {
  process.exitCode = await check(tidy);
}

/** @param {string} program */
async function check(program) {
  const given = positionals.map((file) => path.relative(native, path.resolve(file)));
  const parts = Object.keys(FLAGS).filter((part) => values.all || part !== 'addon');
  const files = given.length > 0 ? given : parts.flatMap(sourcesOf);
  let failed = 0;
  const next = async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift())
      if (!(await checkOne(program, file))) failed++;
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
  return failed === 0 ? 0 : 1;
}

/** @param {string} part */
function sourcesOf(part) {
  return readdirSync(path.join(native, part), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cc'))
    .map((name) => path.join(part, name))
    .sort();
}

/** @param {string} program @param {string} file */
async function checkOne(program, file) {
  const [part = ''] = file.split(path.sep);
  const flags = FLAGS[/** @type {keyof typeof FLAGS} */ (part)];
  const checks = values.analyze ? [] : ['--checks=-clang-analyzer-*'];
  const child = spawn(program, ['--quiet', ...checks, path.join(native, file), '--', ...flags], {
    cwd: native,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  let complaint = '';
  child.stderr.on('data', (chunk) => (complaint += chunk));
  const [status] = await new Promise((resolve) => child.on('close', (...end) => resolve(end)));
  // Otherwise it only counts what it suppressed.
  if (status !== 0) console.error(`${file}:\n${output}${complaint}`);
  return status === 0;
}
