import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { pruneAll } from '../support/remains.js';
import { sharedRoot } from '../support/root.js';

const options = { env: { ROOTFS: sharedRoot() } };
const clean = { code: 0, signal: null, stderr: '' };

describe('a program', () => {
  test('ends by itself when only an idle container is left, and takes it along', async () => {
    expect(await runProgram('leave-open', ['idle'], options)).toMatchObject(clean);
    await pruneAll();
  });

  test('ends by itself after calls that were refused', async () => {
    expect(await runProgram('refused', [], options)).toMatchObject({ ...clean, stdout: '6 of 6\n' });
    await pruneAll();
  });

  test.for(['ended', 'exit'])(
    'with processes and streams left open ends cleanly (%s), each time',
    async (how) => {
      for (let round = 0; round < 8; round++) {
        expect(await runProgram('leave-open', [how], options)).toMatchObject(clean);
      }
      await pruneAll();
    },
  );

  test('that throws shows its own error and nothing else', async () => {
    const end = await runProgram('leave-open', ['throw'], options);
    expect(end).toMatchObject({
      code: 1,
      signal: null,
      stderr: expect.stringContaining('Error: on purpose') as string,
    });
    await pruneAll();
  });

  test('may have its containers in worker threads', async () => {
    expect(await runProgram('in-worker', [], options)).toMatchObject({ ...clean, stdout: 'main thread\n' });
    await pruneAll();
  });
});
