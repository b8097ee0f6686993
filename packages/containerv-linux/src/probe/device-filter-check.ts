import type { Enforced, HostCheck } from 'containerv-api';
import type { HostFiles } from './host-files.js';

/** @param seen - what a container without options has; `undefined`: there was none */
export function checkDeviceFilter({ uid }: HostFiles, seen: Enforced['deviceFilter'] | undefined): HostCheck {
  const name = 'device filter';
  const without = 'what opens is what is in /dev, and `access` of a device can only be rw.';
  switch (seen) {
    case 'v1':
      return { name, status: 'ok', detail: 'the devices controller of cgroup v1' };
    case 'v2':
      return { name, status: 'ok', detail: 'a BPF program on the control group (v2)' };
    case undefined:
    case false:
      break;
  }
  if (uid !== 0)
    return { name, status: 'degraded', detail: `Not for this user: ${without}`, fix: 'Run as root.' };
  if (seen === undefined)
    return { name, status: 'degraded', detail: 'Not to be told, as there is no container.' };
  return {
    name,
    status: 'degraded',
    detail: `Not here: ${without}`,
    fix: 'Use a kernel with CONFIG_CGROUP_BPF (Linux 4.15), and in a container of Docker: docker run --privileged --cgroupns=private',
  };
}
