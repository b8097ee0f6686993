import { type Stats, statSync } from 'node:fs';
import { ContainervError, type ContainerSpec, type DeviceAccess, type ResolvedDevice } from 'containerv-api';
import type { RootOperation } from './operation.js';
import type { SourceTrees } from './source-trees.js';

/** A device node that the driver makes, with ids of the container. */
export interface DeviceNode {
  /** Type and permissions (inode(7)). */
  readonly mode: number;
  readonly major: number;
  readonly minor: number;
  readonly uid: number;
  readonly gid: number;
}

const STEP = 'make device';
const S_IFMT = 0o170000;
const S_IFIFO = 0o010000;
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` for nodes that only root can make */
export function refuseDevices(devices: readonly ResolvedDevice[], uid: number): void {
  if (uid === 0) return;
  for (const { path, node, fileMode, uid: owner, gid, access } of devices) {
    if (access !== 'rw') throw withoutFilter(path, access);
    if (node === undefined && fileMode === undefined && owner === undefined && gid === undefined) continue;
    throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `Without root, ${path} cannot be made`, {
      step: STEP,
      hint: `Only root may make device nodes (mknod(2)). Name the host's own: devices: ['${path}'], or run as root.`,
    });
  }
}

/** The mode of a node does not keep who owns it from anything; the filter of the control group does. */
export function withoutFilter(path: string, access: DeviceAccess): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Nothing here limits what is done with ${path} to '${access}'`,
    {
      step: STEP,
      hint: 'That takes root of the machine itself, and the devices controller of cgroup v1 or BPF programs in v2.',
    },
  );
}

/**
 * The nodes in /dev. Root makes them, on a file system of the host's, since those on one of a user namespace's own open
 * nothing; it is mounted so that nobody inside can change them. Anybody else shows the host's.
 */
export function deviceOperations(
  { devices }: ContainerSpec,
  trees: SourceTrees,
  uid: number,
): RootOperation[] {
  if (devices.length === 0) return [];
  refuseDevices(devices, uid);
  const nodes = devices.map((device) => nodeOf(device));
  const place = uid === 0 ? trees.ofDevices(nodes) : '';
  return devices.map(
    ({ path }, index): RootOperation => ({
      op: 'bind',
      path,
      source: uid === 0 ? `${place}/${index}` : path,
      flags: ['create', 'no-symlinks'],
      attributes: ['readonly', 'nosuid', 'noexec'],
    }),
  );
}

/** @throws ContainervError when the host has no such device */
export function nodeOf(device: ResolvedDevice): DeviceNode {
  const { uid = 0, gid = 0, node } = device;
  const permissions = device.fileMode ?? 0o666;
  if (node === undefined) {
    const { mode, rdev } = hostDevice(device.path);
    const kept = device.fileMode ?? mode & 0o777;
    return { mode: (mode & S_IFMT) | kept, ...numbersOf(rdev), uid, gid };
  }
  if (node.type === 'fifo') return { mode: S_IFIFO | permissions, major: 0, minor: 0, uid, gid };
  const type = node.type === 'block' ? S_IFBLK : S_IFCHR;
  return { mode: type | permissions, major: node.major, minor: node.minor, uid, gid };
}

function hostDevice(path: string): Stats {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isCharacterDevice() === true || found?.isBlockDevice() === true) return found;
  throw new ContainervError(
    found === undefined ? 'ERR_CONTAINERV_NOT_FOUND' : 'ERR_CONTAINERV_INVALID_OPTION',
    found === undefined ? `This host has no device ${path}` : `${path} of this host is no device`,
    { step: STEP, path, hint: 'Load the module that has it, or give `type`, `major` and `minor`.' },
  );
}

/** As makedev(3) of the C library packs them. */
export function numbersOf(rdev: number): Pick<DeviceNode, 'major' | 'minor'> {
  const packed = BigInt(rdev);
  const major = ((packed >> 8n) & 0xfffn) | ((packed >> 32n) & 0xfffff000n);
  const minor = (packed & 0xffn) | ((packed >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
