import { type ContainerOptions, type ContainerSpec, resolveContainerOptions } from 'containerv-api';
import type { WindowsHost } from '../../src/windows-host.js';

export const TOP = '18955d65-d45a-557b-bf1c-49d6dfefc526';
export const BASE = 'dee86350-459f-580c-ae1e-fcc1bee0baa2';

export const windowsHost: WindowsHost = {
  build: 20_348,
  processors: 4,
  storage: {
    kind: 'windowsfilter',
    layers: [
      { id: TOP, path: 'C:\\img\\app' },
      { id: BASE, path: 'C:\\img\\base' },
    ],
    scratchPath: 'C:\\data\\web\\scratch',
    volumePath: '\\\\?\\Volume{0a1b2c3d-0000-0000-0000-100000000000}\\',
    utilityVmPath: 'C:\\img\\base\\UtilityVM',
    utilityVmScratchPath: 'C:\\data\\web\\vm\\sandbox.vhdx',
  },
};

export const linuxHost: WindowsHost = {
  build: 20_348,
  processors: 4,
  storage: {
    kind: 'linux',
    rootfsPath: 'C:\\rootfs\\alpine',
    kernelPath: 'C:\\lcow\\kernel',
    initrdPath: 'C:\\lcow\\initrd.img',
  },
};

export const LINUX: ContainerOptions = {
  windows: { containerType: 'linux', lcow: { uvmImagePath: 'C:\\lcow' } },
};

export function specOf(options: ContainerOptions = {}): ContainerSpec {
  return resolveContainerOptions({ id: 'web', rootfs: '/img/app', ...options }, { cwd: '/' });
}
