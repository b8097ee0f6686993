import { checkContainerId, generateContainerId } from './container-id.js';
import type { ContainerOptions } from './container-options.js';
import { checkBoolean, checkInteger, checkOptions, conflictingOptions, deepFreeze } from './option-check.js';
import { checkAbortSignal } from './options/abort-signal.js';
import { cleanGuestPath } from './options/clean-path.js';
import { resolveCpuAffinity } from './options/cpu-affinity.js';
import { type ResolvedDevice, resolveDevices } from './options/devices.js';
import { DEFAULT_PATH, resolveEnvironment } from './options/environment.js';
import { resolveDomainname, resolveHostname } from './options/hostname.js';
import { type IdMap, resolveIdMap } from './options/id-maps.js';
import { LIMIT_NAMES, type ResolvedLimits, resolveLimits } from './options/limits.js';
import { type ResolvedMount, resolveMounts } from './options/mounts.js';
import { type ResolvedNamespaces, resolveNamespaces } from './options/namespaces.js';
import { NETWORK_OPTION_NAMES, type ResolvedNetwork, resolveNetwork } from './options/network.js';
import { type PolicyName, resolvePolicy, type SecurityPolicy } from './options/policy.js';
import { type ResolvedRlimit, resolveRlimits } from './options/rlimits.js';
import { type ResolvedRoot, resolveRoot, resolveWritable, type Writable } from './options/root.js';
import { resolveSysctls } from './options/sysctls.js';
import { type ResolvedTimeOffsets, resolveTimeOffsets } from './options/time-offsets.js';
import { type ResolvedUser, resolveUser } from './options/user.js';
import { resolveWindowsOptions, type WindowsOptions } from './options/windows.js';
import { SPAWN_OPTION_NAMES } from './process/process-spec.js';

/** {@link ContainerOptions} with everything checked, normalised and filled in; frozen. What drivers work from. */
export interface ContainerSpec {
  readonly id: string;
  readonly root: ResolvedRoot;
  readonly writable: Writable;
  readonly mounts: readonly ResolvedMount[];
  readonly policy: SecurityPolicy | PolicyName;
  readonly limits: ResolvedLimits;
  readonly network: ResolvedNetwork;
  readonly namespaces: ResolvedNamespaces;
  readonly users: IdMap;
  readonly groups: IdMap;
  readonly user: ResolvedUser;
  readonly hostname: string;
  /** `''`: none. */
  readonly domainname: string;
  readonly timeOffsets: ResolvedTimeOffsets;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly rlimits: readonly ResolvedRlimit[];
  /** Ascending; `undefined`: all of the container's. */
  readonly cpuAffinity: readonly number[] | undefined;
  readonly devices: readonly ResolvedDevice[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** `undefined`: as the caller's. */
  readonly oomScoreAdj: number | undefined;
  readonly bpfLsm: boolean;
  readonly detached: boolean;
  readonly signal: AbortSignal | undefined;
  readonly windows: WindowsOptions | undefined;
}

/** What resolving takes from its surroundings. */
export interface ResolveContext {
  /** Where relative host paths start. @defaultValue `process.cwd()` */
  readonly cwd?: string;
  /** Makes an id when none was given. @defaultValue a random one */
  readonly generateId?: () => string;
}

const NAMES: readonly (keyof ContainerOptions)[] = [
  'id',
  'rootfs',
  'layers',
  'writable',
  'mounts',
  'policy',
  'limits',
  'network',
  'namespaces',
  'users',
  'groups',
  'user',
  'hostname',
  'domainname',
  'timeOffsets',
  'env',
  'cwd',
  'rlimits',
  'cpuAffinity',
  'devices',
  'sysctls',
  'oomScoreAdj',
  'bpfLsm',
  'detached',
  'signal',
  'windows',
];

/** What is often looked for here. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...LIMIT_NAMES.map((name) => [name, `\`limits.${name}\``] as const),
  ...NETWORK_OPTION_NAMES.map((name) => [name, `\`network.${name}\``] as const),
  ...SPAWN_OPTION_NAMES.map((name) => [name, `\`${name}\` of spawn() or run()`] as const),
]);

/**
 * Checks and normalises every option, touching nothing.
 *
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION`, naming the option, what was expected and what was given.
 */
export function resolveContainerOptions(
  options: ContainerOptions = {},
  { cwd = process.cwd(), generateId = generateContainerId }: ResolveContext = {},
): ContainerSpec {
  checkOptions(options, 'options', NAMES, ELSEWHERE);
  const id = options.id === undefined ? generateId() : checkContainerId(options.id);
  const root = resolveRoot(options, cwd);
  const network = resolveNetwork(options.network);
  const namespaces = resolveNamespaces(
    options.namespaces,
    network.mode === 'host',
    options.timeOffsets !== undefined,
  );
  refuseWithoutNamespace(options, namespaces);
  return deepFreeze({
    id,
    root,
    writable: resolveWritable(options.writable, root),
    mounts: resolveMounts(options.mounts, cwd),
    policy: resolvePolicy(options.policy),
    limits: resolveLimits(options.limits),
    network,
    namespaces,
    users: resolveIdMap(options.users, 'users'),
    groups: resolveIdMap(options.groups, 'groups'),
    user: resolveUser(options.user),
    hostname: resolveHostname(options.hostname, id),
    domainname: resolveDomainname(options.domainname),
    timeOffsets: resolveTimeOffsets(options.timeOffsets),
    env: resolveEnvironment(options.env, { PATH: DEFAULT_PATH }),
    cwd: options.cwd === undefined ? '/' : cleanGuestPath(options.cwd, 'cwd'),
    rlimits: resolveRlimits(options.rlimits, []),
    cpuAffinity: resolveCpuAffinity(options.cpuAffinity),
    devices: resolveDevices(options.devices),
    sysctls: resolveSysctls(options.sysctls, namespaces),
    oomScoreAdj:
      options.oomScoreAdj === undefined
        ? undefined
        : checkInteger(options.oomScoreAdj, 'oomScoreAdj', -1000, 1000),
    bpfLsm: checkBoolean(options.bpfLsm ?? false, 'bpfLsm'),
    detached: checkBoolean(options.detached ?? false, 'detached'),
    signal: checkAbortSignal(options.signal),
    windows: resolveWindowsOptions(options.windows),
  });
}

/** What only a namespace of the container's own can hold must not be dropped, nor land on the host. */
function refuseWithoutNamespace(options: ContainerOptions, namespaces: ResolvedNamespaces): void {
  for (const name of ['hostname', 'domainname'] as const) {
    if (!namespaces.uts && options[name] !== undefined) {
      throw conflictingOptions(`\`${name}\` needs a UTS namespace, but \`namespaces.uts\` is \`false\``);
    }
  }
  for (const name of ['users', 'groups'] as const) {
    if (!namespaces.user && Array.isArray(options[name])) {
      throw conflictingOptions(`\`${name}\` needs a user namespace, but \`namespaces.user\` is \`false\``);
    }
  }
}
