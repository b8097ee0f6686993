import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { NAMES } from './file-programs.mjs';
import { missingForMachine, runInMachine } from './machine.mjs';

const LIMIT_MS = 600_000;
const missing = missingForMachine();
const checks = fileURLToPath(new URL('file-programs.mjs', import.meta.url));

describe('BPF programs, on a kernel without Landlock', () => {
  const results = new Map<string, string | null>();

  beforeAll(async () => {
    if (missing !== '') return;
    const { status, stdout, stderr } = await runInMachine([process.execPath, checks], {
      landlock: false,
      timeoutMs: LIMIT_MS,
    });
    for (const line of stdout.trim().split('\n')) {
      const { name, failure } = JSON.parse(line) as { name: string; failure: string | null };
      results.set(name, failure);
    }
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, LIMIT_MS);

  test.skipIf(missing !== '').for(NAMES)(`%s${missing === '' ? '' : ` (skipped: ${missing})`}`, (name) => {
    expect(results.get(name)).toBeNull();
  });
});
