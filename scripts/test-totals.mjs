// Adds up the reports that vitest left in every package.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runAsScript } from './bootstrap.mjs';
import { readJson, root } from './toolchain.mjs';

const REPORT = '.test-report.json';

/** Every directory that has tests: a package with a `test` script, and these scripts. */
function testedDirectories() {
  const packages = readdirSync(path.join(root, 'packages')).map((name) => path.join(root, 'packages', name));
  const withTests = [...packages, path.join(root, 'tests')].filter((directory) => {
    const manifest = path.join(directory, 'package.json');
    return existsSync(manifest) && readJson(manifest).scripts?.test !== undefined;
  });
  return [path.join(root, 'scripts'), ...withTests];
}

export function removeReports() {
  for (const directory of testedDirectories()) rmSync(path.join(directory, REPORT), { force: true });
}

/** What one report says. A file that did not load counts as one failure; so does a report without tests, or none. */
export function countReport(report) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !report.success ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The tests that passed only when tried again, each with what went wrong first. */
export function unsteadyTests(report) {
  return report.testResults.flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status, failureMessages }) => status === 'passed' && failureMessages?.length > 0)
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0].split('\n', 1)[0]}`),
  );
}

/** Prints what needs a word, then `N passed, N failed, N skipped`; gives the exit status. */
export function printTotals() {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const directory of testedDirectories()) {
    const file = path.join(directory, REPORT);
    const report = existsSync(file) ? readJson(file) : undefined;
    const name = path.relative(root, directory);
    if (report === undefined) console.log(`${name}: the tests did not run`);
    const counted = countReport(report);
    if (counted.failed > 0 && report !== undefined) console.log(`${name}: ${counted.failed} failed`);
    for (const test of report === undefined ? [] : unsteadyTests(report)) {
      console.log(`${name}: passed only when tried again: ${test}`);
    }
    for (const key of Object.keys(totals)) totals[key] += counted[key];
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

await runAsScript(import.meta.url, printTotals);
