// Builds serve-exec.exe and puts it where the driver looks for it: dist/native/x64/. It is cross-compiled, so that the
// package can be packed on Linux; a machine without the compiler builds everything else.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(home, 'native/serve-exec');
// What it has in common with that of Linux.
const shared = path.resolve(home, '../containerv-linux/native/serve-exec');
const target = path.join(home, 'dist/native/x64');

const PREFIX = 'x86_64-w64-mingw32-';
const tools = [`${PREFIX}g++`, `${PREFIX}windres`];
const missing = tools.find((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0);

rmSync(path.join(home, 'dist/native'), { recursive: true, force: true });
if (missing !== undefined) {
  console.log(
    `containerv-windows: no serve-exec.exe without ${missing} (Debian: apt-get install g++-mingw-w64-x86-64)`,
  );
  process.exit(0);
}

const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8'));
const build = path.join(home, 'build/native');
mkdirSync(build, { recursive: true });
mkdirSync(target, { recursive: true });

const resource = path.join(build, 'resource.o');
execFileSync(`${PREFIX}windres`, [path.join(source, 'serve-exec.rc'), resource], {
  cwd: source,
  stdio: 'inherit',
});

// Sorted, so that the same sources make the same program.
const sources = [
  ...readdirSync(source)
    .filter((file) => file.endsWith('.cc'))
    .toSorted()
    .map((file) => path.join(source, file)),
  ...['command_line.cc', 'container_path.cc', 'line.cc'].map((file) => path.join(shared, file)),
];
const staged = path.join(target, '.serve-exec.exe');
execFileSync(
  `${PREFIX}g++`,
  [
    '-std=c++20',
    '-Os',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-fno-exceptions',
    '-fno-rtti',
    '-ffunction-sections',
    '-fdata-sections',
    '-DUNICODE',
    '-D_WIN32_WINNT=0x0A00',
    `-DSERVE_EXEC_VERSION="${version}"`,
    '-municode',
    '-static',
    '-s',
    '-Wl,--gc-sections,--dynamicbase,--high-entropy-va,--nxcompat,--no-insert-timestamp',
    '-o',
    staged,
    ...sources,
    resource,
    '-lole32',
    '-lshell32',
  ],
  { stdio: 'inherit' },
);
renameSync(staged, path.join(target, 'serve-exec.exe'));
