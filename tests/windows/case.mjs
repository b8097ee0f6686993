// `node windows/case.mjs NAME [LIBRARY]`: one file of the cases under Wine, as `windows/wine.test.ts` runs all of them.
// `CONTAINERV_TEST_NAME` is a pattern of the tests in it that are run.
import { bundle, LIBRARIES, runCase } from './lane-cases.mjs';
import { missingTools, setUpLane, stopLane } from './wine/lane.mjs';

const [name, library] = process.argv.slice(2);
if (name === undefined) throw new Error('Which one? node windows/case.mjs driver-others vmcompute');
const missing = await missingTools();
if (missing !== undefined) throw new Error(`This needs: ${missing}`);
try {
  await setUpLane();
  await bundle();
  for (const each of library === undefined ? LIBRARIES : [library]) {
    const startedAt = performance.now();
    const { results, ended, output, code } = await runCase(`${name}.test.mjs`, each);
    for (const { name: test, ok, skipped, message, ms } of results) {
      console.log(
        `${ok ? (skipped ? '-' : '✓') : '✗'} ${test} ${ms} ms${message === '' ? '' : `\n${message}`}`,
      );
    }
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${each}.dll: ${ended ? '' : 'NOT ENDED, '}status ${code}, ${seconds} s\n${output}`);
    if (code !== 0) process.exitCode = 1;
  }
} finally {
  await stopLane();
}
