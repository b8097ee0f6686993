import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { missingForMachine, runInMachine } from './machine.mjs';
import { CHECKS } from './smoke.mjs';

const LIMIT_MS = 280_000;
const missing = missingForMachine();
const smoke = fileURLToPath(new URL('smoke.mjs', import.meta.url));

describe.for([{ user: false }, { user: true }])(
  'on a stock kernel, with a user of its own: $user',
  ({ user }) => {
    const results = new Map<string, string | null>();

    beforeAll(async () => {
      if (missing !== '') return;
      const { status, stdout, stderr } = await runInMachine([process.execPath, smoke], {
        user,
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
  },
);
