import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../scripts/fuzz.mjs', import.meta.url));
const UNAVAILABLE = 77;

/** `CONTAINERV_FUZZ_SECONDS=600` for each target, where there is time. */
const seconds = process.env['CONTAINERV_FUZZ_SECONDS'] ?? '2';

const TARGETS = ['account_file', 'netlink', 'plan', 'spawn_request'];

test.for(TARGETS)(
  '%s takes any input, under AddressSanitizer and UndefinedBehaviorSanitizer',
  { timeout: 300_000 + Number(seconds) * 1000 },
  (target, context) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--seconds', seconds, target], {
      encoding: 'utf8',
    });
    context.skip(status === UNAVAILABLE, stderr.trim());
    expect(`${stdout}${stderr}`).toMatch(new RegExp(`^${target}: [1-9]\\d* inputs, nothing found$`, 'm'));
    expect(status).toBe(0);
  },
);

test.for(TARGETS)(
  '%s reads nothing that was never written, and keeps nothing, under valgrind',
  { timeout: 300_000 },
  (target, context) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--valgrind', target], {
      encoding: 'utf8',
    });
    context.skip(status === UNAVAILABLE, stderr.trim());
    expect(`${stdout}${stderr}`).toMatch(
      new RegExp(`^${target}: [1-9]\\d* inputs, nothing found by valgrind$`, 'm'),
    );
    expect(status).toBe(0);
  },
);
