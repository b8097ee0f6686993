import type {
  Container,
  ContainerDriver,
  ContainerInfo,
  ContainerOptions,
  HostReport,
  PruneReport,
} from 'containerv-api';
import { loadDriver } from './load-driver.js';

let loading: Promise<ContainerDriver> | undefined;

/** The driver, loaded on first use. A failure is not remembered: the next call may come after `npm install`. */
async function driver(): Promise<ContainerDriver> {
  loading ??= loadDriver();
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    throw error;
  }
}

/**
 * Makes a container and starts its init; nothing is left behind when it rejects.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` before anything is touched, `_EXISTS` for an id in use,
 * `_NOT_FOUND` for a root or mount source that is not there, `_UNSUPPORTED` when the host cannot enforce what was asked
 * for, `_PERMISSION`, `_LAYER`, `_NETWORK`, `_ABORTED`, `_NO_DRIVER`.
 * @example
 * await using container = await createContainer({ limits: { memory: '512M' } });
 * const { stdout } = await container.run('uname', ['-a']);
 */
export async function createContainer(options?: ContainerOptions): Promise<Container> {
  return (await driver()).createContainer(options);
}

/** Attaches to a container from any process. @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`, `_NO_DRIVER`. */
export async function joinContainer(id: string): Promise<Container> {
  return (await driver()).joinContainer(id);
}

/** All containers of this user, the stopped and the crashed included. */
export async function listContainers(): Promise<ContainerInfo[]> {
  return (await driver()).listContainers();
}

/** Removes what owners that crashed left behind. */
export async function pruneContainers(): Promise<PruneReport> {
  return (await driver()).pruneContainers();
}

/** What works on this host, what is missing and how to fix it. */
export async function probeHost(): Promise<HostReport> {
  return (await driver()).probeHost();
}
