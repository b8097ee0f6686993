import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { missingForMachine, runInMachine } from './machine.mjs';

const full = process.env['CONTAINERV_TEST_PROFILE'] === 'full';
const LIMIT_MS = full ? 1_800_000 : 280_000;
const missing = missingForMachine();
const tests = fileURLToPath(new URL('..', import.meta.url));
/** Compiling them there takes longer than all the rest. */
const fixtures = path.join(process.env['CONTAINERV_TEST_RUN'] ?? '', 'fixtures');
/** Everything, or one kind of root under every policy, with and without a user namespace. */
const selection = full
  ? ['linux/inside-view.test.ts', 'linux/joined-view.test.ts']
  : ['linux/inside-view.test.ts', '-t', "kind 'directory', writable 'overlay'"];
/** As nobody may write beside the configuration there, and everything takes its time. */
const options = [
  '--configLoader=runner',
  '--reporter=tap-flat',
  '--testTimeout=900000',
  '--hookTimeout=900000',
];

// Side by side: each keeps one processor busy.
describe.concurrent('with version 2 control groups', () => {
  test.skipIf(missing !== '').for([
    ['root', false],
    ['an ordinary user', true],
  ] as const)(
    `what is seen inside is what was asked for, by %s${missing === '' ? '' : ` (skipped: ${missing})`}`,
    { timeout: LIMIT_MS },
    async ([, user]) => {
      const { status, stdout, stderr } = await runInMachine(
        [
          '/usr/bin/env',
          `CONTAINERV_TEST_FIXTURES=${fixtures}`,
          process.execPath,
          'run.mjs',
          ...selection,
          ...options,
        ],
        { user, cwd: tests, timeoutMs: LIMIT_MS },
      );
      const results = [...stdout.matchAll(/^(ok|not ok) \d+ - (.*?)(?: # (SKIP|time).*)?$/gm)];
      const said = stdout + stderr;
      expect(
        results.flatMap(([, result, name]) => (result === 'ok' ? [] : [name])),
        said,
      ).toEqual([]);
      expect(status, said).toBe(0);
      const passed = results.flatMap(([, , name = '', why]) => (why === 'SKIP' ? [] : [name]));
      for (const namespace of user ? [true] : [true, false]) {
        for (const policy of ['minimal', 'build', 'network'])
          expect(passed.join('\n')).toContain(`policy ${policy}, user namespace ${namespace}: what is seen`);
      }
    },
  );
});
