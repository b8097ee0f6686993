import { type Container, containerPath, type PathTarget } from 'containerv-api';

// The root of a Linux container on Windows is the driver's to know; seen from inside it is like any other.
function targetOf(guest: Container['guest']): PathTarget {
  return guest === 'windows' ? 'wcow' : 'linux';
}

/** A command as the container sees it: a bare name is looked up in its PATH, all else starts at its root. */
export function commandInside(path: string, guest: Container['guest']): string {
  return /[\\/:]/.test(path) ? containerPath(path, targetOf(guest)) : path;
}

export function directoryInside(path: string, guest: Container['guest']): string {
  return containerPath(path, targetOf(guest));
}
