// The Windows driver's code in node.exe under Wine, against libraries with the ABI of Windows' own: every case of
// `cases/`, once with each library of the Host Compute Service.
import { describe, expect, test } from 'vitest';
import { type CaseRun, runCases } from './lane-cases.mjs';
import { crashedAtExit } from './support/crashed-at-exit.mjs';
import { missingTools } from './wine/lane.mjs';

const missing = await missingTools();
const runs: CaseRun[] = missing === undefined ? await runCases() : [];

if (missing !== undefined) {
  test(`needs Wine and a compiler for Windows: ${missing}`, (context) => context.skip());
}

for (const run of runs) {
  const { file, library, results, ended, output, code } = run;
  let { before } = run;
  describe(`${file} with ${library}.dll`, () => {
    for (const { name, ok, skipped, message } of results) {
      test.skipIf(skipped)(name, () => {
        expect(message).toBe('');
        expect(ok).toBe(true);
      });
    }
    test('ran to its end', async (context) => {
      // So that it is among those that passed only when tried again.
      const first = before;
      before = undefined;
      if (first !== undefined) expect.fail(first);
      expect(results.length).toBeGreaterThan(0);
      if (crashedAtExit(run)) {
        await context.annotate(
          `Wine crashed after the last result, while the program ended: ${output}`,
          'warning',
        );
        return;
      }
      expect({ ended, code, output: code === 0 ? '' : output }).toEqual({ ended: true, code: 0, output: '' });
    });
  });
}
