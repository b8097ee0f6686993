import { type Container, containerPath } from 'containerv-api';

type Guest = Container['guest'];

/** The root of a Linux container on Windows, as its virtual machine has it; wrappers may be written with it. */
const LCOW_ROOT = containerPath('/', 'lcow');

/**
 * A path as the container sees it. On Windows, that of a Linux container may begin with {@link LCOW_ROOT}, which is the
 * container's own root.
 */
export function directoryInside(
  path: string,
  guest: Guest,
  platform: NodeJS.Platform = process.platform,
): string {
  if (guest === 'windows') return containerPath(path, 'wcow');
  if (platform !== 'win32') return containerPath(path, 'linux');
  return containerPath(path, 'lcow').slice(LCOW_ROOT.length) || '/';
}

/** A command as the container sees it: a bare name is looked up in its PATH, all else starts at its root. */
export function commandInside(
  path: string,
  guest: Guest,
  platform: NodeJS.Platform = process.platform,
): string {
  return /[\\/:]/.test(path) ? directoryInside(path, guest, platform) : path;
}
