// `node run.mjs [vitest arguments]`: compiles the C fixtures, notes what is on the machine, and runs vitest under a
// subreaper, so that whatever a test leaves behind is found and told. `CONTAINERV_TEST_FIXTURES` is where they are
// compiled already.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compileFixtures } from './support/compile-fixtures.mjs';
import { differences, snapshotHost } from './support/host-snapshot.mjs';
import { workingDirectory } from './support/working-directory.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));

// The first container with a network of its own switches it on, and leaves it on.
const FORWARDING = '/proc/sys/net/ipv4/ip_forward';
const forwarding = readFileSync(FORWARDING, 'utf8');

const run = mkdtempSync(path.join(workingDirectory(), 'containerv-tests-'));
let status = 1;
try {
  // Programs in here are run by other users too.
  chmodSync(run, 0o755);
  mkdirSync(path.join(run, 'tmp'));
  chmodSync(path.join(run, 'tmp'), 0o1777);
  const compiled = process.env['CONTAINERV_TEST_FIXTURES'];
  if (compiled === undefined) await compileFixtures(path.join(here, 'fixtures'), path.join(run, 'fixtures'));
  else cpSync(compiled, path.join(run, 'fixtures'), { recursive: true });
  const before = snapshotHost(undefined);
  writeFileSync(path.join(run, 'before.json'), JSON.stringify(before));
  status = runVitest();
  const found = await lastingDifferences(before);
  if (found.length > 0) {
    console.error(['Not as it was before the tests:', ...found].join('\n  '));
    status ||= 1;
  }
} finally {
  // Only root's tests switch it on; meanwhile others on the machine may.
  if (process.getuid?.() === 0 && readFileSync(FORWARDING, 'utf8') !== forwarding)
    writeFileSync(FORWARDING, forwarding);
  rmSync(run, { recursive: true, force: true });
}
process.exitCode = status;

function runVitest() {
  const command = [process.execPath, vitest, 'run', ...process.argv.slice(2)];
  const { status: code, signal } = spawnSync(path.join(run, 'fixtures/subreaper'), command, {
    cwd: here,
    stdio: 'inherit',
    env: { ...process.env, CONTAINERV_TEST_RUN: run },
  });
  if (signal !== null) console.error(`vitest was ended by ${signal}`);
  return code ?? 1;
}

/**
 * What differs and stays so: other programs on the machine may have containers too.
 * @param {import('./support/host-snapshot.mjs').HostSnapshot} before
 */
async function lastingDifferences(before) {
  for (let attempt = 0; ; attempt++) {
    const found = differences(before, snapshotHost(undefined));
    if (found.length === 0 || attempt === 10) return found;
    await sleep(500);
  }
}
