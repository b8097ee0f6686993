import { type ContainerOptions, type ContainerSpec, resolveContainerOptions } from 'containerv-api';

/** Resolved options of a container called `box`. */
export function specOf(options: ContainerOptions = {}): ContainerSpec {
  return resolveContainerOptions({ id: 'box', ...options }, { cwd: '/' });
}
