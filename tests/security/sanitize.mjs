// `node security/sanitize.mjs [--programs] [vitest arguments]`: builds process 1, serve-exec and, without `--programs`, the
// addon with AddressSanitizer and UndefinedBehaviorSanitizer in a copy of the project, and runs tests against that, those
// of `linux` and `security` unless told otherwise. Ends with 1 when a test fails or anything is found, which is printed,
// and with 77 where there is no g++ with their libraries. Needs the project built; takes a minute of a processor for the
// programs, and another for the addon.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { copyProject, nativeDirectory, PROGRAMS, project } from '../support/project-copy.mjs';

const UNAVAILABLE = 77;
/** Tests of what such a build is not. */
const UNLIKE = [
  // Static.
  'is static: it asks for no loader',
  'nothing of the package gives its user privileges',
];
/** Those that start Node without the runtime, behind which alone it takes the addon. */
const WITHOUT_RUNTIME = ['the environment is the container’s and what the allow-list lets through'];

const given = process.argv.slice(2);
const programsOnly = given.includes('--programs');
const wanted = given.filter((argument) => argument !== '--programs');
const built = programsOnly ? PROGRAMS.filter((name) => name !== 'containerv.node') : PROGRAMS;

process.exitCode = main();

function main() {
  const runtime = findRuntime();
  if (runtime === undefined) {
    console.error('This needs g++ with libasan and libubsan: apt-get install g++');
    return UNAVAILABLE;
  }
  const copy = copyProject('sanitized', (source) => !source.endsWith(path.join('native', 'build')));
  try {
    const reports = path.join(copy.directory, 'reports');
    mkdirSync(reports);
    chmodSync(reports, 0o777);
    build(copy.directory, path.join(reports, 'programs'));
    const status = test(copy.directory, reports, runtime);
    const found = findings(copy.directory, reports);
    if (found !== '') console.error(`The sanitizers found:\n${found}`);
    return status === 0 && found === '' ? 0 : 1;
  } finally {
    copy.remove();
  }
}

/** The libraries that have to come first in Node, where the addon is loaded late. */
function findRuntime() {
  const libraries = ['libasan.so', 'libubsan.so'].map((name) =>
    spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout?.trim(),
  );
  return libraries.every((library) => library !== undefined && path.isAbsolute(library))
    ? libraries.join(' ')
    : undefined;
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function must(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CC: 'gcc', CXX: 'g++' },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
}

/** @param {string} copy @param {string} report */
function build(copy, report) {
  const home = path.join(copy, 'packages/containerv-linux');
  const prefix = path.resolve(process.execPath, '../..');
  const headers = existsSync(path.join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  const gyp = createRequire(path.join(project, 'packages/containerv-linux/package.json')).resolve(
    'node-gyp/bin/node-gyp.js',
  );
  const options = ['-Dsanitize=1', `-Dsanitizer_report=${report}`];
  must(process.execPath, [gyp, 'configure', '-C', 'native', ...headers, '--', ...options], home);
  const targets = built.map((name) => path.parse(name).name);
  must('make', ['-C', 'native/build', 'BUILDTYPE=Release', '-j2', ...targets], home);
  for (const program of built)
    cpSync(path.join(home, 'native/build/Release', program), path.join(nativeDirectory(copy), program));
}

/** @param {string} copy @param {string} reports @param {string} runtime */
function test(copy, reports, runtime) {
  const args = wanted.length > 0 ? wanted : ['--project', 'linux', '--project', 'security'];
  const unlike = [...UNLIKE, ...(programsOnly ? [] : WITHOUT_RUNTIME)].join('|');
  const log = `log_path=${path.join(reports, 'addon')}`;
  const { status } = spawnSync(
    process.execPath,
    ['run.mjs', ...args, ...(wanted.includes('-t') ? [] : ['-t', `^(?!.*(${unlike}))`])],
    {
      cwd: path.join(copy, 'tests'),
      stdio: 'inherit',
      env: {
        ...process.env,
        ...(programsOnly ? {} : { LD_PRELOAD: runtime }),
        // Node gives nothing back at its end, and neither do the programs that the tests start.
        ASAN_OPTIONS: `detect_leaks=0:${log}`,
        UBSAN_OPTIONS: `print_stacktrace=1:${log}`,
      },
    },
  );
  return status ?? 1;
}

/** @param {string} copy @param {string} reports */
function findings(copy, reports) {
  const shared = path.join(reports, 'programs');
  // It is there as soon as process 1 has been started.
  if (!existsSync(shared)) return 'nothing, because process 1 was never run';
  const text = readFileSync(shared);
  const size = Number(text.readBigUInt64LE());
  const programs = text.subarray(8, 8 + size).toString();
  const addon = readdirSync(reports)
    .filter((name) => name.startsWith('addon'))
    .map((name) => readFileSync(path.join(reports, name), 'utf8'));
  return [withLines(copy, programs), ...addon].filter(Boolean).join('\n');
}

/** Addresses of process 1 and serve-exec as places in their sources. @param {string} copy @param {string} text */
function withLines(copy, text) {
  // Of sealed memory the kernel says that it is deleted.
  return text.replaceAll(
    /\([^()]*(containerv-init|serve-exec)(?: \(deleted\))?\+(0x[0-9a-f]+)\)/g,
    (all, name, at) => {
      const program = path.join(nativeDirectory(copy), name);
      const found = spawnSync('addr2line', ['-Cfe', program, at], { encoding: 'utf8' });
      return found.status === 0 ? found.stdout.trim().replace('\n', ' ') : all;
    },
  );
}
