import {
  type Container,
  type ContainerDriver,
  type ContainerInfo,
  type ContainerOptions,
  type ContainerPool,
  ContainervError,
  type HostReport,
  type LearnOptions,
  type LearnReport,
  makePool,
  type NetworkInfo,
  type ObservedRun,
  type ObserveOptions,
  type PolicyName,
  type PoolOptions,
  type PruneReport,
  type SecurityPolicy,
} from 'containerv-api';
import { Policy } from 'containerv-policy';
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

/**
 * Makes containers ahead, so that the first process in one is a message away. Resolves once `size` of them are ready;
 * each is given out once and is then its taker's to destroy.
 *
 * @throws ContainervError as {@link createContainer}; then nothing is left.
 * @example
 * const pool = await createPool({ policy: 'build', size: 8 });
 * const container = await pool.take();
 */
export async function createPool(options: PoolOptions): Promise<ContainerPool> {
  const chosen = await driver();
  return makePool(async (one) => chosen.createContainer(one), options);
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

/** The private networks of this machine, of every program; none where the platform has none of this kind. */
export async function listNetworks(): Promise<NetworkInfo[]> {
  return (await (await driver()).listNetworks?.()) ?? [];
}

/** What works on this host, what is missing and how to fix it. */
export async function probeHost(): Promise<HostReport> {
  return (await driver()).probeHost();
}

/**
 * Runs a command in a container of its own and gives the policy under which the same happens again. Meanwhile `within`
 * is in force, and the result allows nothing that it does not. Nothing is applied: store the policy and read it.
 *
 * @throws ContainervError as `createContainer` and `spawn`; `ERR_CONTAINERV_UNSUPPORTED` where programs cannot be observed
 * @example
 * const { policy, denied } = await learnPolicy('make', ['test'], { container: { mounts, cwd: '/workspace' } });
 */
export async function learnPolicy(
  command: string,
  args?: readonly string[],
  options?: LearnOptions,
): Promise<LearnReport<Policy>> {
  const report = await (await driver()).learnPolicy?.(command, args, options);
  if (report === undefined) throw cannotObserve();
  // Whichever copy of containerv-policy the driver has: this one's class.
  return { ...report, policy: Policy.fromJSON(report.policy.toJSON()) };
}

/**
 * Runs a command in a container of its own, under a policy, and tells what was denied and which rule would allow it.
 *
 * @throws ContainervError as `createContainer` and `spawn`; `ERR_CONTAINERV_UNSUPPORTED` where programs cannot be observed
 */
export async function checkPolicy(
  policy: SecurityPolicy | PolicyName,
  command: string,
  args?: readonly string[],
  options?: ObserveOptions,
): Promise<ObservedRun> {
  const run = await (await driver()).checkPolicy?.(policy, command, args, options);
  if (run === undefined) throw cannotObserve();
  return run;
}

function cannotObserve(): ContainervError {
  return new ContainervError('ERR_CONTAINERV_UNSUPPORTED', 'This driver cannot observe programs', {
    step: 'observe program',
    hint: 'Learn the policy on Linux.',
  });
}
