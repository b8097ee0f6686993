import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { json, small } from '../support/container.js';

afterEach(() => {
  delete process.env['CONTAINERV_SECCOMP_LOG'];
});

/** How many processes could be made, and what was told. */
async function forks(value: string | undefined): Promise<{ made: number; warnings: string[] }> {
  if (value !== undefined) process.env['CONTAINERV_SECCOMP_LOG'] = value;
  await using container = await small({ policy: 'minimal' });
  const warnings: string[] = [];
  container.on('warning', ({ summary }) => void warnings.push(summary));
  const { made } = await json<{ made: number }>(container, 'fork-bomb', ['3']);
  await json(container, 'fork-bomb', ['1']);
  await setImmediate();
  return { made, warnings: warnings.filter((text) => text.includes('SECCOMP_LOG')) };
}

describe('CONTAINERV_SECCOMP_LOG', () => {
  test('1 allows what the policy denies, and one warning says that nothing is enforced', async () => {
    expect(await forks('1')).toEqual({
      made: 3,
      warnings: [
        'CONTAINERV_SECCOMP_LOG is set: the system call filter logs and allows, it does not enforce',
      ],
    });
  });

  test.for([undefined, '0', '', 'true', '1 '])('%j enforces', async (value) => {
    expect(await forks(value)).toEqual({ made: 0, warnings: [] });
  });
});
