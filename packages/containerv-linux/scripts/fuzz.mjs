// fuzz [--valgrind] [--seconds N] [TARGET...]: builds each parser of native/fuzz with clang's libFuzzer, AddressSanitizer and
// UndefinedBehaviorSanitizer, and runs it on its corpus and on what it makes of that. Ends with 77, and says what it
// needs, where there is no such compiler. New inputs stay in a temporary directory; one that fails is printed. With
// --valgrind each is built by g++ and given its corpus under valgrind, which also sees what was never written.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const UNAVAILABLE = 77;
const SANITIZERS = '-fsanitize=fuzzer,address,undefined';
/** What a target links besides itself. */
const SOURCES = {
  account_file: [],
  netlink: [],
  plan: ['init/plan.cc', 'init/spawn_request.cc', 'init/confinement.cc', 'init/socket_rules.cc'],
  spawn_request: ['init/spawn_request.cc', 'init/confinement.cc'],
};

const native = fileURLToPath(new URL('../native', import.meta.url));
const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, valgrind: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const work = mkdtempSync(path.join(tmpdir(), 'containerv-fuzz-'));
try {
  process.exitCode = main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function main() {
  const compiler = values.valgrind ? findValgrind() : findCompiler();
  if (compiler === undefined) {
    console.error(
      values.valgrind
        ? 'This needs g++ and valgrind: apt-get install g++ valgrind'
        : 'Fuzzing needs clang++ with libFuzzer: apt-get install clang libclang-rt-14-dev',
    );
    return UNAVAILABLE;
  }
  const unknown = positionals.filter((name) => !(name in SOURCES));
  if (unknown.length > 0) {
    console.error(`No target '${unknown[0]}'; there are: ${Object.keys(SOURCES).join(', ')}`);
    return 64;
  }
  const names = positionals.length > 0 ? positionals : Object.keys(SOURCES);
  const one = values.valgrind ? replay : fuzz;
  return names.every((name) => one(compiler, name)) ? 0 : 1;
}

/** The compiler for it. */
function findValgrind() {
  const there = ['g++', 'valgrind'].every((name) => spawnSync(name, ['--version']).status === 0);
  return there ? 'g++' : undefined;
}

/** @param {string} compiler @param {string} name @param {readonly string[]} flags */
function build(compiler, name, flags) {
  const program = path.join(work, name);
  const sources = [`fuzz/${name}.cc`, ...(SOURCES[/** @type {keyof typeof SOURCES} */ (name)] ?? [])];
  const built = spawnSync(
    compiler,
    ['-std=c++20', '-O1', '-g', '-Wall', '-Wextra', ...flags, ...sources, '-o', program],
    { cwd: native, stdio: 'inherit' },
  );
  return built.status === 0 ? program : undefined;
}

/** @param {string} compiler @param {string} name */
function replay(compiler, name) {
  const program = build(compiler, name, ['fuzz/replay.cc']);
  if (program === undefined) return false;
  const corpus = path.join(native, 'fuzz/corpus', name);
  const files = readdirSync(corpus).map((file) => path.join(corpus, file));
  const checks = ['--leak-check=full', '--track-fds=yes', '--error-exitcode=1', '--quiet'];
  const ran = spawnSync('valgrind', [...checks, program, ...files], { encoding: 'utf8', cwd: work });
  // It tells of descriptors, and does not fail over them; what it was given itself counts as one, too.
  const told = ran.stderr.replaceAll(/Open file descriptor [^\n]*\n[^\n]*<inherited from parent>/g, '');
  const clean = ran.status === 0 && !told.includes('Open file descriptor');
  console.log(`${name}: ${files.length} inputs, ${clean ? 'nothing found' : 'see below'} by valgrind`);
  if (!clean) console.error(ran.stderr.slice(-6000));
  return clean;
}

function findCompiler() {
  const source = path.join(work, 'try.cc');
  writeFileSync(
    source,
    'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }',
  );
  const names = [
    process.env['FUZZ_CXX'],
    'clang++',
    ...[19, 18, 17, 16, 15, 14].map((version) => `clang++-${version}`),
  ];
  return names.find(
    (name) =>
      name !== undefined &&
      spawnSync(name, [SANITIZERS, source, '-o', path.join(work, 'try')], { stdio: 'ignore' }).status === 0,
  );
}

/** @param {string} compiler @param {string} name */
function fuzz(compiler, name) {
  const program = build(compiler, name, [SANITIZERS, '-fno-sanitize-recover=all']);
  if (program === undefined) return false;
  const corpus = path.join(work, `${name}-corpus`);
  const seeds = path.join(native, 'fuzz/corpus', name);
  if (existsSync(seeds)) cpSync(seeds, corpus, { recursive: true });
  else mkdirSync(corpus);
  const ran = spawnSync(
    program,
    [
      corpus,
      `-max_total_time=${values.seconds}`,
      '-max_len=8192',
      '-timeout=20',
      '-print_final_stats=1',
      `-artifact_prefix=${work}/failed-`,
    ],
    { encoding: 'utf8', cwd: work },
  );
  const inputs = /stat::number_of_executed_units:\s*(\d+)/.exec(ran.stderr)?.[1] ?? '0';
  console.log(
    `${name}: ${inputs} inputs, ${ran.status === 0 ? 'nothing found' : `ended with ${ran.status ?? ran.signal}`}`,
  );
  if (ran.status === 0) return true;
  console.error(ran.stderr.slice(-6000));
  for (const file of readdirSync(work).filter((each) => each.startsWith('failed-')))
    console.error(`input: ${file}`);
  return false;
}
