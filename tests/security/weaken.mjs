// `node security/weaken.mjs [TEXT...]`: proves that the tests of security can fail. For each weakening that has one of
// these texts in its name, or for all, a copy of the project is built without one of its defences, and the test that
// stands for the attack must fail there. Needs what a build and the tests need, as root, and the project built; takes
// about twenty seconds for each.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { copyProject, nativeDirectory, PROGRAMS, project } from '../support/project-copy.mjs';
import { WEAKENINGS } from './weakenings.mjs';

const { directory: copy, remove } = copyProject('weakened');
const wanted = process.argv.slice(2);

/** @param {string} file */
const inCopy = (file) => path.join(copy, 'packages', file);

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return { ok: status === 0, output: `${stdout}${stderr}` };
}

/** @param {string} file what was changed in the copy */
function build(file) {
  const [name = ''] = file.split('/');
  const home = inCopy(name);
  if (file.includes('/native/')) {
    const built = run('make', ['-C', 'native/build', 'BUILDTYPE=Release'], home);
    if (!built.ok) throw new Error(`${file} does not compile:\n${built.output}`);
  } else {
    const tsup = path.join(project, 'tests/node_modules/tsup/dist/cli-default.js');
    const built = run(process.execPath, [tsup, '--no-dts', '--no-clean'], home);
    if (!built.ok) throw new Error(`${name} cannot be bundled:\n${built.output}`);
  }
  for (const program of PROGRAMS)
    cpSync(
      inCopy(`containerv-linux/native/build/Release/${program}`),
      path.join(nativeDirectory(copy), program),
    );
}

/** @param {import('./weakenings.mjs').Weakening} weakening */
function isCaught({ file, from, to, also = [], caughtBy, title }) {
  const changes = [{ file, from, to }, ...also];
  const sources = new Map(changes.map((change) => [change.file, readFileSync(inCopy(change.file), 'utf8')]));
  const weakened = new Map(sources);
  for (const change of changes) {
    const parts = weakened.get(change.file)?.split(change.from) ?? [];
    if (parts.length !== 2) throw new Error(`${change.file} does not have this once: ${change.from}`);
    weakened.set(change.file, parts.join(change.to));
  }
  try {
    for (const [name, text] of weakened) writeFileSync(inCopy(name), text);
    for (const name of weakened.keys()) build(name);
    const pattern = title.replaceAll(/[^\w ]/g, '.');
    const { output } = run(process.execPath, ['run.mjs', caughtBy, '-t', pattern], path.join(copy, 'tests'));
    // The test itself must fail, not the way to it.
    return { caught: /Tests .*\d+ failed/.test(output), output };
  } finally {
    for (const [name, text] of sources) writeFileSync(inCopy(name), text);
    for (const name of sources.keys()) build(name);
  }
}

let missed = 0;
try {
  for (const [name, weakening] of Object.entries(WEAKENINGS)) {
    if (wanted.length > 0 && !wanted.some((text) => name.includes(text))) continue;
    const { caught, output } = isCaught(weakening);
    console.log(`${caught ? 'caught' : 'MISSED'}: ${name} (${weakening.caughtBy}: ${weakening.title})`);
    if (caught) continue;
    missed++;
    console.log(output);
  }
} finally {
  remove();
}
process.exitCode = missed === 0 ? 0 : 1;
