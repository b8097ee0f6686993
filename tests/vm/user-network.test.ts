import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { missingForMachine, runInMachine } from './machine.mjs';
import { CHECKS } from './user-network.mjs';

const LIMIT_MS = 600_000;
const missing =
  missingForMachine() || (existsSync('/usr/bin/pasta') ? '' : 'needs pasta: apt-get install passt');
const checks = fileURLToPath(new URL('user-network.mjs', import.meta.url));

describe('a private network without root', () => {
  const results = new Map<string, string | null>();

  beforeAll(async () => {
    if (missing !== '') return;
    const { status, stdout, stderr } = await runInMachine([process.execPath, checks], {
      timeoutMs: LIMIT_MS,
    });
    for (const line of stdout.trim().split('\n')) {
      const { name, failure } = JSON.parse(line) as { name: string; failure: string | null };
      results.set(name, failure);
    }
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, LIMIT_MS);

  test.skipIf(missing !== '').for(Object.keys(CHECKS))(
    `%s${missing === '' ? '' : ` (skipped: ${missing})`}`,
    (name) => {
      expect(results.get(name)).toBeNull();
    },
  );
});
