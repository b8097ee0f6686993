import {
  type Container,
  type ContainerOptions,
  ContainervError,
  type ContainerSpec,
  resolveContainerOptions,
  throwIfAborted,
} from 'containerv-api';
import { seccompLogRequested } from 'containerv-policy';
import { boot } from './boot.js';
import { confinementOf } from './confinement.js';
import { native } from './native.js';
import { OwnedContainer } from './owned-container.js';
import { type HostView, viewHost } from './plan/host-view.js';
import { pruneOnce } from './prune-containers.js';
import { acquireResources } from './resources.js';
import { checkRoot } from './root-check.js';
import { baseDirectories } from './state/directories.js';
import { refuseUnsupported } from './supported.js';
import { failureOf, systemError } from './system-error.js';
import { UndoStack } from './undo-stack.js';

/**
 * Makes a container and starts its init. Nothing is left behind when it rejects.
 *
 * @throws ContainervError with any of the codes; `step` says what was being done.
 * @example
 * await using container = await createContainer();
 * const { stdout } = await container.run('uname', ['-n']);
 */
export async function createContainer(options: ContainerOptions = {}): Promise<Container> {
  const spec = resolveContainerOptions(options);
  refuseUnsupported(spec);
  const confinement = confinementOf(spec.policy);
  throwIfAborted(spec.signal, 'create container');
  await checkRoot(spec);
  const addon = native();
  const base = baseDirectories();
  await pruneOnce(addon, base);
  const host: HostView = spec.root.kind === 'host' ? viewHost() : { system: [], stores: [], etc: [] };
  const undo = new UndoStack();
  try {
    const resources = await acquireResources(addon, spec, confinement, base, host, undo);
    const booted = await boot(addon, { spec, confinement, host, ...resources });
    undo.release();
    const container = new OwnedContainer(addon, spec, confinement, host, resources, booted);
    setImmediate(warn, container, spec);
    return container;
  } catch (error) {
    throw withCleanupFailures(plainError(error), await undo.run());
  }
}

function warn(container: OwnedContainer, spec: ContainerSpec): void {
  const warnings: string[] = [];
  if (seccompLogRequested()) {
    warnings.push(
      'CONTAINERV_SECCOMP_LOG is set: the system call filter logs and allows, it does not enforce',
    );
  }
  if (spec.windows !== undefined)
    warnings.push('The `windows` options have no meaning for a Linux container');
  for (const what of warnings)
    container.emit('warning', new ContainervError('ERR_CONTAINERV_UNSUPPORTED', what));
}

/** What `node:fs` and the addon throw, as our own error. */
function plainError(error: unknown): unknown {
  if (error instanceof ContainervError) return error;
  const failure = failureOf(error, 'create container');
  return failure === undefined ? error : systemError(failure, { what: 'Failed', cause: error });
}

/** What could not be taken back is told, and never hides why it had to be. */
function withCleanupFailures(error: unknown, failures: readonly unknown[]): unknown {
  if (failures.length > 0 && error instanceof Error) {
    Object.defineProperty(error, 'cleanupErrors', { value: failures, enumerable: true });
  }
  return error;
}
