// Bundles the cases of `windows/cases` and runs them in node.exe under Wine, each with either library of Windows.
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { crashedAtExit } from './support/crashed-at-exit.mjs';
import { runTsup } from './support/bundle.mjs';
import { setUpLane, stopLane, winNode, winPath } from './wine/lane.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
// Beside the packages for Windows, so that koffi is found.
export const bundles = path.join(here, 'build/packages/bundles');
const cases = path.join(bundles, 'cases');
/** Of the Host Compute Service, the newer first. */
export const LIBRARIES = /** @type {const} */ (['computecore', 'vmcompute']);

/**
 * @typedef {{ name: string, ok: boolean, skipped: boolean, message: string, ms: number }} CaseResult
 * @typedef {{ file: string, library: string, results: CaseResult[], ended: boolean, output: string, code: number | null, before?: string }} CaseRun
 */

// As for every other test (../vitest.config.ts): with CI set, what failed is tried again.
const TRIES = process.env['CI'] === undefined ? 1 : 3;

/** @returns {Promise<CaseRun[]>} */
export async function runCases() {
  const runs = [];
  try {
    await setUpLane();
    await bundle();
    for (const file of (await readdir(cases)).filter((name) => name.endsWith('.test.mjs')).sort()) {
      for (const library of LIBRARIES) runs.push(await runUntilGood(file, library));
    }
  } finally {
    await stopLane();
  }
  return runs;
}

/** Into {@link bundles}. */
export async function bundle() {
  await runTsup('windows/tsup.config.ts');
}

/** Has the driver take this library. @param {string} library */
export function libraryEnvironment(library) {
  const choice = library === 'vmcompute' ? 'vmcompute' : '';
  return { CONTAINERV_HCS_LIBRARY: choice, CONTAINERV_HNS_LIBRARY: choice };
}

/** The last run; `before` tells what went wrong in earlier ones. @param {string} file @param {string} library */
async function runUntilGood(file, library) {
  let before = '';
  for (let attempt = 1; ; attempt++) {
    const run = await runCase(file, library);
    const failed = run.results.filter(({ ok, skipped }) => !ok && !skipped);
    const good = crashedAtExit(run) || (run.ended && run.code === 0 && failed.length === 0);
    if (good || attempt === TRIES) return before === '' ? run : { ...run, before };
    const messages = failed.map(({ name, message }) => `${name}: ${message}`).join('; ');
    before ||= `status ${run.code}${run.ended ? '' : ', not ended'} ${messages} ${run.output}`;
  }
}

/** @param {string} file @param {string} library @returns {Promise<CaseRun>} */
export async function runCase(file, library) {
  const report = path.join(cases, `${file}.${library}.jsonl`);
  await rm(report, { force: true });
  const pattern = process.env['CONTAINERV_TEST_NAME'];
  const { code, stdout, stderr } = await winNode(
    [
      ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]),
      `--test-reporter=${new URL('support/report-lines.mjs', import.meta.url).href.replace('file:///', 'file:///Z:/')}`,
      `--test-reporter-destination=${winPath(report)}`,
      winPath(path.join(cases, file)),
    ],
    {
      ...libraryEnvironment(library),
      CONTAINERV_HCS_TIMEOUT: timeout(file),
      CONTAINERV_HNS_TIMEOUT: timeout(file),
    },
  );
  const lines = (await readFile(report, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const ended = lines.at(-1) === '{"end":true}';
  const results = lines.slice(0, ended ? -1 : undefined).map((line) => JSON.parse(line));
  return { file: file.replace('.mjs', '.ts'), library, results, ended, output: `${stdout}${stderr}`, code };
}

/** Only where cases wait for it is it short: elsewhere a machine that is busy has all the time that it takes. */
function timeout(/** @type {string} */ file) {
  return file === 'deadlines.test.mjs' ? '3s' : '30s';
}
