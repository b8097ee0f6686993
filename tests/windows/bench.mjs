// `node windows/bench.mjs`: the round trip of a container against the fake service, under Wine, with either library.
import path from 'node:path';
import { bundle, bundles, LIBRARIES, libraryEnvironment } from './lane-cases.mjs';
import { missingTools, setUpLane, stopLane, winNode, winPath } from './wine/lane.mjs';

const missing = await missingTools();
if (missing !== undefined) throw new Error(`This needs: ${missing}`);
try {
  await setUpLane();
  await bundle();
  for (const library of LIBRARIES) {
    const script = winPath(path.join(bundles, 'bench/round-trip.mjs'));
    const { code, stdout, stderr } = await winNode([script], libraryEnvironment(library));
    console.log(`${library}.dll\n${stdout}${stderr}`);
    if (code !== 0) process.exitCode = 1;
  }
} finally {
  await stopLane();
}
