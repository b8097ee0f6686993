import type { ContainerSpec, Enforced } from 'containerv-api';
import type { Cgroup } from '../cgroup/cgroup.js';
import type { Native } from '../native.js';
import { withoutFilter } from '../plan/devices.js';
import { failureOf, systemError } from '../system-error.js';
import { attachDeviceProgram } from './device-program.js';
import { type DeviceRule, deviceRules } from './device-rules.js';

const STEP = 'set device filter';
const EPERM = 1;
const EACCES = 13;
const EINVAL = 22;
const ENOSYS = 38;
/** A program of root inside of somebody's container may not, and a kernel before 4.15 or without CONFIG_CGROUP_BPF cannot. */
const UNAVAILABLE: ReadonlySet<number> = new Set([EPERM, EACCES, EINVAL, ENOSYS]);

/** `undefined`: an ordinary user, for whom there is no filter. */
export function filteredDevices({ devices }: ContainerSpec, uid: number): readonly DeviceRule[] | undefined {
  return uid === 0 ? deviceRules(devices) : undefined;
}

/**
 * The filter that a container's new groups have, which in v2 is set here.
 * @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` when there is none and `devices` limits what may be done with one
 */
export function ensureDeviceFilter(
  native: Native,
  spec: Pick<ContainerSpec, 'devices'>,
  rules: readonly DeviceRule[] | undefined,
  { version, fd, deviceFilter }: Cgroup,
): Enforced['deviceFilter'] {
  const unified = version === 'v2' && fd >= 0 && rules !== undefined;
  const filter = unified && attached(native, fd, rules) ? 'v2' : deviceFilter;
  const limited = spec.devices.find(({ access }) => access !== 'rw');
  if (filter === false && limited !== undefined) throw withoutFilter(limited.path, limited.access);
  return filter;
}

function attached(native: Native, group: number, rules: readonly DeviceRule[]): boolean {
  try {
    return attachDeviceProgram(native, group, rules);
  } catch (error) {
    const failure = failureOf(error, STEP);
    if (failure === undefined) throw error;
    if (UNAVAILABLE.has(failure.errno)) return false;
    throw systemError({ ...failure, step: STEP }, { what: 'Cannot set the device filter', cause: error });
  }
}
