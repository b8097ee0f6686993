// How many documents of each kind are built, as text, in a second.
import { type ContainerOptions, resolveContainerOptions, resolveSpawnOptions } from 'containerv-api';
import { buildComputeSystem } from '../src/documents/build-compute-system.js';
import { buildProcessParameters } from '../src/documents/build-process-parameters.js';
import { buildHostedContainer } from '../src/documents/hosted-container.js';
import type { WindowsHost } from '../src/windows-host.js';

const DURATION_MS = 500;

const windows: WindowsHost = {
  build: 20_348,
  processors: 8,
  storage: {
    kind: 'windowsfilter',
    layers: Array.from({ length: 10 }, (_, index) => ({
      id: `18955d65-d45a-557b-bf1c-49d6dfefc5${index}0`,
      path: `C:\\img\\${index}`,
    })),
    scratchPath: 'C:\\data\\web\\scratch',
    volumePath: '\\\\?\\Volume{0a1b2c3d-0000-0000-0000-100000000000}\\',
    utilityVmPath: 'C:\\img\\9\\UtilityVM',
    utilityVmScratchPath: 'C:\\data\\web\\vm\\sandbox.vhdx',
  },
};
const linux: WindowsHost = {
  ...windows,
  storage: {
    kind: 'linux',
    rootfsPath: 'C:\\root',
    kernelPath: 'C:\\l\\kernel',
    initrdPath: 'C:\\l\\initrd.img',
  },
};
const spec = (options: ContainerOptions) =>
  resolveContainerOptions({
    id: 'web',
    rootfs: '/img',
    mounts: [{ source: '/a', target: '/b' }],
    ...options,
  });
const process_ = resolveSpawnOptions('cmd', ['/c', 'echo "hello world"']);
const shared = spec({ windows: { isolation: 'process' } });
const hyperv = spec({});
const inLinux = spec({ windows: { containerType: 'linux' } });

const kinds: readonly [string, () => object][] = [
  ['process isolation, schema v1', () => buildComputeSystem(shared, { ...windows, build: 17_134 })],
  ['process isolation, schema v2', () => buildComputeSystem(shared, windows)],
  ['virtual machine', () => buildComputeSystem(hyperv, windows)],
  ['hosted Windows container', () => buildHostedContainer(hyperv, windows, 'vm')],
  ['hosted Linux container', () => buildHostedContainer(inLinux, linux, 'vm')],
  ['process parameters, Windows', () => buildProcessParameters(shared, process_)],
  ['process parameters, Linux', () => buildProcessParameters(inLinux, process_)],
];
for (const [name, build] of kinds) {
  for (let warm = 0; warm < 100; warm++) JSON.stringify(build());
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < DURATION_MS) {
    for (let batch = 0; batch < 50; batch++, count++) JSON.stringify(build());
  }
  const perSecond = Math.round((count / (performance.now() - start)) * 1000);
  process.stdout.write(`${name.padEnd(32)} ${perSecond.toLocaleString('en').padStart(10)} / s\n`);
}
