// The cases that every driver passes, here over Windows: both isolations as they are told today, and with the older library
// process isolation in the older schema. `linux/conformance.test.ts` has the same.
import type { ContainerOptions } from 'containerv-api';
import {
  createContainer,
  joinContainer,
  listContainers,
  probeHost,
  pruneContainers,
} from '../../../packages/containerv-windows/src/index.js';
import { conformanceCases, type Harness } from '../../conformance/index.js';
import { driverHome } from '../support/driver.js';
import { GUEST } from '../support/fake.js';
import { after, afterEach, describe, test } from '../support/node-test.js';

const home = driverHome();
after(() => home.remove());
afterEach(async () => home.checkNothingLeft());

type Kind = readonly [isolation: 'process' | 'hyperv', schema: 'v1' | 'v2'];

const older = process.env['CONTAINERV_HCS_LIBRARY'] === 'vmcompute';
const kinds: readonly Kind[] = older
  ? [['process', 'v1']]
  : [
      ['process', 'v2'],
      ['hyperv', 'v2'],
    ];

function harness([isolation, schema]: Kind): Harness {
  const own: ContainerOptions = { rootfs: home.image.top, windows: { isolation, schema } };
  return {
    driver: { joinContainer, listContainers, probeHost, pruneContainers },
    guest: 'windows',
    pauses: isolation === 'hyperv',
    create: async (options) => createContainer({ ...own, ...options }),
    commands: {
      both: [GUEST, ['both']],
      copy: [GUEST, ['cat']],
      exit: (code) => [GUEST, ['exit', String(code)]],
      sleep: (seconds) => [GUEST, ['sleep', String(seconds * 1000)]],
      fill: (bytes) => [GUEST, ['fill', String(bytes)]],
      variable: (name) => [GUEST, ['env', name]],
      echo: (args) => [GUEST, ['args', ...args]],
      missing: [String.raw`C:\no\such\command.exe`, []],
    },
  };
}

for (const kind of kinds) {
  describe(`conformance of containerv-windows, ${kind.join(' isolation, schema ')}`, () => {
    for (const { name, run } of conformanceCases) test(name, async () => run(harness(kind)));
  });
}
