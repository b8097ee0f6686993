import { ContainervError, type DeviceAccess, type ResolvedDevice } from 'containerv-api';
import { nodeOf } from '../plan/devices.js';

/** What may be done with the devices of some numbers: of the letters `r`, `w` and `m` (make a node). */
export interface DeviceRule {
  readonly type: 'char' | 'block';
  readonly major: number;
  /** `undefined`: all that the major number has. */
  readonly minor: number | undefined;
  readonly access: DeviceAccess | 'm';
}

const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;

const char = (major: number, minor?: number, access: DeviceRule['access'] = 'rw'): DeviceRule => ({
  type: 'char',
  major,
  minor,
  access,
});

/** Of every container (config-linux.md of the OCI runtime specification, "Default Devices"). */
export const STANDARD_RULES: readonly DeviceRule[] = [
  // null, zero, full, random, urandom
  ...[3, 5, 7, 8, 9].map((minor) => char(1, minor)),
  // tty, console, ptmx, and terminals
  ...[0, 1, 2].map((minor) => char(5, minor)),
  char(136),
  // What overlayfs marks deletions by: it opens nothing. Before Linux 5.8 the filter is asked about it too.
  char(0, 0, 'm'),
];

/**
 * The whole of what a container may do with devices. Nodes are told apart by their numbers alone, so one device cannot
 * have more by another name.
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for two of the same numbers with different access
 */
export function deviceRules(devices: readonly ResolvedDevice[]): readonly DeviceRule[] {
  const rules = new Map(STANDARD_RULES.map((rule) => [keyOf(rule), { rule, path: 'every container' }]));
  for (const device of devices) {
    const rule = ruleOf(device);
    if (rule === undefined) continue;
    const known = rules.get(keyOf(rule)) ?? rules.get(keyOf({ ...rule, minor: undefined }));
    if (known !== undefined && known.rule.access !== rule.access) {
      throw new ContainervError(
        'ERR_CONTAINERV_INVALID_OPTION',
        `${device.path} (${rule.access}) is the same device as that of ${known.path} (${known.rule.access})`,
        { step: 'check devices', path: device.path, hint: 'A device has one `access`, whatever its name.' },
      );
    }
    if (known === undefined) rules.set(keyOf(rule), { rule, path: device.path });
  }
  return [...rules.values()].map(({ rule }) => rule);
}

function ruleOf(device: ResolvedDevice): DeviceRule | undefined {
  const { mode, major, minor } = nodeOf(device);
  const kind = mode & S_IFMT;
  if (kind !== S_IFCHR && kind !== S_IFBLK) return undefined;
  return { type: kind === S_IFBLK ? 'block' : 'char', major, minor, access: device.access };
}

function keyOf({ type, major, minor }: DeviceRule): string {
  return `${type} ${major}:${minor ?? '*'}`;
}
