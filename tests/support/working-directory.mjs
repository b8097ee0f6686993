import { statfsSync } from 'node:fs';
import { homedir, release, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const OVERLAYFS = 0x794c7630;
const TMPFS = 0x01021994;

/**
 * Where roots and the writes of containers go while the tests run: the first usual place that overlayfs can write to.
 * It cannot stack its writable part on another overlay, nor, before Linux 6.6 and without privileges, on a tmpfs.
 */
export function workingDirectory() {
  const places = [tmpdir(), '/var/tmp', homedir(), fileURLToPath(new URL('..', import.meta.url))];
  return places.find(canHoldOverlay) ?? tmpdir();
}

/** @param {string} directory */
function canHoldOverlay(directory) {
  try {
    const { type } = statfsSync(directory);
    return type !== OVERLAYFS && (type !== TMPFS || kernelAtLeast(6, 6));
  } catch {
    return false;
  }
}

/** @param {number} major @param {number} minor */
function kernelAtLeast(major, minor) {
  const [ours = 0, oursMinor = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && oursMinor >= minor);
}
