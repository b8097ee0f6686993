// The Windows driver's code in node.exe under Wine, against libraries with the ABI of Windows' own: every case of
// `cases/`, once with each library of the Host Compute Service.
import { describe, expect, test } from 'vitest';
import { type CaseRun, runCases } from './lane-cases.mjs';
import { missingTools } from './wine/lane.mjs';

const missing = await missingTools();
const runs: CaseRun[] = missing === undefined ? await runCases() : [];

if (missing !== undefined) {
  test(`needs Wine and a compiler for Windows: ${missing}`, (context) => context.skip());
}

for (const { file, library, results, output, code } of runs) {
  describe(`${file} with ${library}.dll`, () => {
    for (const { name, ok, skipped, message } of results) {
      test.skipIf(skipped)(name, () => {
        expect(message).toBe('');
        expect(ok).toBe(true);
      });
    }
    test('ran to its end', () => {
      expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
      expect(results.length).toBeGreaterThan(0);
    });
  });
}
