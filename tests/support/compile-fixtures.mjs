import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const WARNINGS = ['-Wall', '-Wextra', '-Werror'];
const FREESTANDING = ['-nostdlib', '-ffreestanding', '-fno-stack-protector'];

/**
 * Compiles every C program of the tests, static, so that it runs in a root with nothing else in it.
 * @param {string} from the directory of the sources
 * @param {string} to where the programs go
 */
export async function compileFixtures(from, to) {
  mkdirSync(to);
  const compiler = [process.env['CC'], 'cc', 'gcc', 'clang'].find(
    (name) => name !== undefined && name !== '' && spawnSync(name, ['--version']).status === 0,
  );
  if (compiler === undefined) throw new Error('The tests need a C compiler: cc, gcc or clang');
  /** @param {string} name @param {readonly string[]} sources @param {readonly string[]} flags */
  const compile = async (name, sources, flags = []) => {
    const files = sources.map((source) => path.join(from, source));
    const common = ['-O1', '-std=gnu11', '-static', ...WARNINGS, ...flags];
    await promisify(execFile)(compiler, [...common, '-o', path.join(to, name), ...files]);
  };
  const named = (/** @type {string} */ directory) =>
    readdirSync(path.join(from, directory))
      .filter((name) => name.endsWith('.c'))
      .map((name) => `${directory}/${name}`);
  await Promise.all([
    compile('box', named('box'), ['-D_GNU_SOURCE']),
    ...named('bare').map(async (source) => compile(path.basename(source, '.c'), [source], FREESTANDING)),
    ...named('host').map(async (source) => compile(path.basename(source, '.c'), [source])),
  ]);
}
