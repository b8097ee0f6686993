import {
  checkArray,
  checkInteger,
  checkOptions,
  checkWord,
  conflictingOptions,
  invalidOption,
} from '../option-check.js';
import { cleanGuestPath } from './clean-path.js';
import { MAX_ID } from './id-maps.js';

/**
 * A device node besides the standard ones (null, zero, full, random, urandom, tty, ptmx, pts, shm, mqueue).
 * A path alone, or a device without `type`, is the host's device of that path.
 */
export type Device = string | DeviceNode;

/** A device node as the OCI runtime specification writes it. */
export interface DeviceNode {
  /** Below `/dev`. */
  readonly path: string;
  /** `c` and `u`: character device, `b`: block device, `p`: FIFO. @defaultValue as on the host */
  readonly type?: 'c' | 'b' | 'u' | 'p' | undefined;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  /** Permission bits. @defaultValue 0o666 with `type`, otherwise as on the host */
  readonly fileMode?: number | undefined;
  /** Owner inside the container. @defaultValue 0; where the host's node itself is shown, who it belongs to there */
  readonly uid?: number | undefined;
  /** Group inside the container. @defaultValue as for `uid` */
  readonly gid?: number | undefined;
  /**
   * What may be done with the device, by whatever name it is opened: `'r'` read, `'w'` write, `'rw'` both.
   * @defaultValue 'rw'
   */
  readonly access?: DeviceAccess | undefined;
}

export type DeviceAccess = 'r' | 'w' | 'rw';

export interface ResolvedDevice {
  readonly path: string;
  /** What to make; `undefined`: the host's device of that path. */
  readonly node:
    | { readonly type: 'char' | 'block'; readonly major: number; readonly minor: number }
    | { readonly type: 'fifo' }
    | undefined;
  /** `undefined`: as on the host. */
  readonly fileMode: number | undefined;
  /** `undefined`: not given. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly access: DeviceAccess;
}

/** What every container has there. */
const STANDARD =
  /^\/dev\/(?:(?:null|zero|full|random|urandom|tty|console|ptmx|stdin|stdout|stderr)$|(?:pts|shm|mqueue|fd)(?:\/|$))/;
const NAMES = ['path', 'type', 'major', 'minor', 'fileMode', 'uid', 'gid', 'access'];
const ACCESS = ['r', 'w', 'rw'] as const;
// The kernel's dev_t: 12 bits and 20 bits.
const MAX_MAJOR = 2 ** 12 - 1;
const MAX_MINOR = 2 ** 20 - 1;

export function resolveDevices(devices: readonly Device[] | undefined): readonly ResolvedDevice[] {
  const resolved = checkArray(devices ?? [], 'devices').map((device, index) => {
    const option = `devices[${index}]`;
    return typeof device === 'string'
      ? resolveDevice({ path: device }, option, option)
      : resolveDevice(device, option, `${option}.path`);
  });
  const paths = resolved.map(({ path }) => path);
  for (const [index, path] of paths.entries()) {
    const other = paths.find((one, at) => at !== index && (one === path || path.startsWith(`${one}/`)));
    if (other !== undefined) throw conflictingOptions(`\`devices\` has both ${other} and ${path}`);
  }
  return resolved;
}

function resolveDevice(device: DeviceNode, option: string, pathOption: string): ResolvedDevice {
  checkOptions(device, option, NAMES);
  const path = cleanGuestPath(device.path, pathOption);
  if (!path.startsWith('/dev/')) throw invalidOption(pathOption, 'a path below /dev', device.path);
  if (STANDARD.test(path)) {
    throw invalidOption(pathOption, 'a device that not every container has', device.path);
  }
  const node = resolveNode(device, option);
  const fileMode = device.fileMode ?? (node === undefined ? undefined : 0o666);
  return {
    path,
    node,
    fileMode: fileMode === undefined ? undefined : checkInteger(fileMode, `${option}.fileMode`, 0, 0o777),
    uid: device.uid === undefined ? undefined : checkInteger(device.uid, `${option}.uid`, 0, MAX_ID),
    gid: device.gid === undefined ? undefined : checkInteger(device.gid, `${option}.gid`, 0, MAX_ID),
    access: checkWord(device.access ?? 'rw', `${option}.access`, ACCESS),
  };
}

function resolveNode(device: DeviceNode, option: string): ResolvedDevice['node'] {
  const numbered = device.major !== undefined || device.minor !== undefined;
  if (device.type === undefined || device.type === 'p') {
    if (device.type === 'p' && device.access !== undefined)
      throw conflictingOptions(`\`access\` in \`${option}\` is of devices, which a FIFO is not`);
    if (numbered)
      throw conflictingOptions(`\`major\` and \`minor\` in \`${option}\` need type 'c', 'u' or 'b'`);
    return device.type === undefined ? undefined : { type: 'fifo' };
  }
  const type = checkWord(device.type, `${option}.type`, ['c', 'b', 'u', 'p']);
  return {
    type: type === 'b' ? 'block' : 'char',
    major: checkInteger(device.major, `${option}.major`, 0, MAX_MAJOR),
    minor: checkInteger(device.minor, `${option}.minor`, 0, MAX_MINOR),
  };
}
