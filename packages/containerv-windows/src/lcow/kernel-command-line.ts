import { win32 } from 'node:path';
import type { ContainerStorage } from '../windows-host.js';

/** How the virtual machine of Linux containers boots. */
export interface MachineKernel {
  readonly folder: string;
  readonly kernelFile: string;
  readonly initrdFile: string;
  readonly commandLine: string;
}

/**
 * What Linux is told about a Hyper-V machine without the hardware it would look for, and the guest agent as its first
 * program. No vsock listeners on the host are needed: the agent's arguments that want entropy and a log port are left out.
 */
const STANDARD = '8250_core.nr_uarts=0 panic=-1 quiet pci=off brd.rd_nr=0 pmtmr=0';
const AGENT = '/bin/gcs -v4 -log-format json -loglevel warning';

export function machineKernel(
  storage: Extract<ContainerStorage, { kind: 'linux' }>,
  bootParameters: string | undefined,
  processors: number,
): MachineKernel {
  const { dir, base } = win32.parse(storage.kernelPath);
  const [own = '', agent] = (bootParameters ?? '').split(/(?:^|\s)--(?:\s+|$)/, 2);
  const parts = [STANDARD, `nr_cpus=${processors}`, own.trim(), '--', agent ?? AGENT];
  return {
    folder: dir,
    kernelFile: base,
    initrdFile: win32.relative(dir, storage.initrdPath),
    commandLine: parts.filter((part) => part !== '').join(' '),
  };
}
