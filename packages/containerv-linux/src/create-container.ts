import {
  type Container,
  type ContainerOptions,
  ContainervError,
  type ContainerSpec,
  isContainervError,
  resolveContainerOptions,
  throwIfAborted,
  UndoStack,
} from 'containerv-api';
import { seccompLogRequested } from 'containerv-policy';
import { awaitReady, type BootInput, type InitHandle, startInit } from './boot.js';
import { requireBpfLsm } from './bpf-lsm/availability.js';
import { confine } from './confine.js';
import { type Confinement, resolvePolicy } from './confinement.js';
import { EarlyLaunch } from './early-launch.js';
import {
  chooseIds,
  hostIds,
  lackOfPrivateIds,
  MAP_STEP,
  rememberRefused,
  rememberUnmappable,
  SUBORDINATE_STEP,
  whyOneId,
} from './ids/choose-ids.js';
import { choosesIds, type IdPlan } from './ids/id-maps.js';
import { unenforcedFileRules, unusableMounts } from './landlock/requirement.js';
import { type Native, native } from './native.js';
import { OwnedContainer } from './owned-container.js';
import { type HostView, takesOverlay, viewHost } from './plan/host-view.js';
import { liesOnHost, rootLayers } from './plan/root-layers.js';
import { pruneOnce, removeCrashed } from './prune-containers.js';
import { abandonAll, judgeFailure, planResources, PREPARE, Resources } from './resources.js';
import { writeBootFile } from './state/boot-file.js';
import { type BaseDirectories, baseDirectories, ensurePrivateDirectory } from './state/directories.js';
import { refuseUnsupported } from './supported.js';
import { failureOf, systemError } from './system-error.js';

const MAX_ATTEMPTS = 100;

/**
 * Makes a container and starts its init. Nothing is left behind when it rejects.
 *
 * @throws ContainervError with any of the codes; `step` says what was being done.
 * @example
 * await using container = await createContainer();
 * const { stdout } = await container.run('uname', ['-n']);
 */
export async function createContainer(options: ContainerOptions = {}): Promise<Container> {
  try {
    return await create(options);
  } catch (error) {
    // Also what was refused before there was anything to take back, as descriptors are when there are none left.
    throw plainError(error);
  }
}

async function create(options: ContainerOptions): Promise<OwnedContainer> {
  const spec = resolveContainerOptions(options);
  refuseUnsupported(spec);
  const addon = native();
  if (spec.bpfLsm) requireBpfLsm(addon);
  const policy = resolvePolicy(spec.policy);
  const abi = addon.landlockAbi();
  const warnings = [
    unenforcedFileRules(policy, abi, spec.bpfLsm),
    unusableMounts(
      policy,
      spec.mounts.map(({ target }) => target),
    ),
  ].filter((warning) => warning !== undefined);
  const confinement = confine(policy, {
    network: spec.network.mode,
    sharesProcesses: !spec.namespaces.pid,
    landlockAbi: abi,
  });
  throwIfAborted(spec.signal, 'create container');
  const base = baseDirectories();
  await ensurePrivateDirectory(base.state);
  if (spec.writable === 'overlay') await ensurePrivateDirectory(base.data);
  await pruneOnce(addon, base);
  const host: HostView = liesOnHost(spec.root)
    ? viewHost(rootLayers(spec.root).map(({ source }) => source))
    : { system: [], stores: [], etc: [] };
  const container = await makeWithIds(addon, spec, confinement, base, host);
  setImmediate(warn, container, spec, host, base, warnings);
  return container;
}

/**
 * A file system without mapped mounts means ids as they are on the host, a helper that refuses means the one id that the
 * kernel gives: `enforced.ids` and a warning tell.
 */
async function makeWithIds(
  addon: Native,
  spec: ContainerSpec,
  confinement: Confinement,
  base: BaseDirectories,
  host: HostView,
): Promise<OwnedContainer> {
  const ids = await chooseIds(spec, base);
  try {
    return await make(addon, spec, confinement, base, host, ids);
  } catch (error) {
    const refused = isContainervError(error) && error.step === SUBORDINATE_STEP;
    if (refused && choosesIds(spec)) {
      rememberRefused(error.path ?? '');
      return make(addon, spec, confinement, base, host, hostIds(spec));
    }
    if (ids.idFile === '' || !isContainervError(error) || error.step !== MAP_STEP) throw error;
    rememberUnmappable(spec, base, error.path ?? '');
    return make(addon, spec, confinement, base, host, hostIds(spec));
  }
}

async function make(
  addon: Native,
  spec: ContainerSpec,
  confinement: Confinement,
  base: BaseDirectories,
  host: HostView,
  ids: IdPlan,
): Promise<OwnedContainer> {
  await using launch = new EarlyLaunch(addon, spec);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const plan = planResources(spec, confinement, base, host);
    const input = { spec, confinement, host, plan, ids };
    const { init, results, resources, error } = await startInit(addon, input, undefined, launch);
    const failure = plan.batch.settle(results, PREPARE);
    if (failure === undefined) return settle(addon, input, init, resources, error);
    const verdict = judgeFailure(failure, plan, spec.id, base);
    if (verdict === 'retry') continue;
    // Taken by a container whose owner has crashed: that is cleared first.
    const taken = verdict.error.code === 'ERR_CONTAINERV_EXISTS';
    if (taken && (await removeCrashed(addon, base, spec.id)) !== undefined) continue;
    const undo = new UndoStack();
    if (verdict.ours) undo.push(async () => abandonAll(addon, plan));
    throw withCleanupFailures(verdict.error, await undo.run());
  }
  throw new ContainervError(
    'ERR_CONTAINERV_STATE',
    `The directory of '${spec.id}' is removed as often as it is made`,
    {
      step: PREPARE,
    },
  );
}

/** The host's side is made. From here on, whatever fails takes all of it back. */
async function settle(
  addon: Native,
  input: BootInput,
  init: InitHandle | undefined,
  held: Resources | undefined,
  startError: unknown,
): Promise<OwnedContainer> {
  const undo = new UndoStack();
  undo.push(async () => {
    init?.kill();
    init?.channel.close();
    init?.close();
    await abandonAll(addon, input.plan, init?.pid);
  });
  try {
    const resources = held ?? Resources.hold(addon, input.plan, input.spec);
    if (init === undefined) throw startError;
    const booted = await awaitReady(init, input, resources);
    undo.push(async () => booted.files?.release());
    if (input.spec.detached) {
      const { spec, host, ids, plan } = input;
      const { cgroup } = resources;
      await writeBootFile(addon, plan.stateDirectory, { version: 1, spec, host, ids, cgroup });
    }
    undo.release();
    return new OwnedContainer(addon, input, resources, booted);
  } catch (error) {
    throw withCleanupFailures(plainError(error), await undo.run());
  }
}

function warn(
  container: OwnedContainer,
  spec: ContainerSpec,
  host: HostView,
  base: BaseDirectories,
  ofPolicy: readonly string[],
): void {
  const warnings = [...ofPolicy, ...container.startWarnings];
  const readonly = host.system.filter(
    (entry) => entry.kind === 'directory' && !takesOverlay(entry, spec.namespaces.user),
  );
  if (spec.writable !== false && readonly.length > 0) {
    const paths = readonly.map((entry) => entry.path).join(', ');
    warnings.push(
      `Read-only in the container, because other file systems are mounted below it on the host: ${paths}`,
    );
  }
  const notPrivate =
    container.enforced.ids?.mappedMounts === false ? lackOfPrivateIds(spec, base) : undefined;
  if (notPrivate !== undefined) warnings.push(`The ids in the container are the host's: ${notPrivate.what}`);
  const oneId = whyOneId(spec);
  if (oneId !== undefined) warnings.push(`The container has one id: ${oneId}`);
  if (seccompLogRequested()) {
    warnings.push(
      'CONTAINERV_SECCOMP_LOG is set: the system call filter logs and allows, it does not enforce',
    );
  }
  if (spec.windows !== undefined)
    warnings.push('The `windows` options have no meaning for a Linux container');
  for (const what of warnings) container.warn(what);
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
