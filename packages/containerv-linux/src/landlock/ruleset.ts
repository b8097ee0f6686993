import type { SecurityPolicy } from 'containerv-api';
import { createPolicy, FsAccess, securityLevels } from 'containerv-policy';
import { handledRights, rightsOf } from './file-rights.js';
import type { HostNetwork } from './host-network.js';

/** A Landlock ruleset (landlock(7)) as data, for the ABI of one kernel. `native/init/landlock.cc` makes it. */
export interface Ruleset {
  /** `handled_access_fs` of struct landlock_ruleset_attr. */
  readonly handledFs: bigint;
  /** `handled_access_net`. */
  readonly handledNet: bigint;
  readonly scoped: bigint;
  readonly paths: readonly RulesetPath[];
  readonly ports: readonly { readonly port: number; readonly rights: bigint }[];
}

export interface RulesetPath {
  /** In the container. */
  readonly path: string;
  readonly rights: bigint;
  /**
   * `base`: of a base policy, whose lists name what some systems have; links are not followed. `named`: by somebody, who
   * is told when it does not exist. `required`: the same, and nothing starts.
   */
  readonly origin: 'base' | 'named' | 'required';
}

/** A policy's rule for a path, before it is looked up. */
export interface FileRule {
  /** In the container. */
  readonly path: string;
  /** FsAccess bits. */
  readonly access: number;
  readonly origin: RulesetPath['origin'];
}

/** What a container shares with the host, and a ruleset therefore has to keep apart. */
export interface Shared {
  readonly network: boolean;
  readonly processes: boolean;
}

const NETWORK_ABI = 4;
const SCOPE_ABI = 6;
const SCOPE_ABSTRACT_UNIX_SOCKET = 1n;
const SCOPE_SIGNAL = 2n;

/** Whether a policy denies any file at all; one that does not has the single rule that everything is allowed. */
export function confinesFiles({ paths }: SecurityPolicy): boolean {
  return !paths.some(({ path, access }) => path === '/' && (access & FsAccess.All) === FsAccess.All);
}

/** A policy's rules for files; `undefined` when it denies none. */
export function fileRulesOf(policy: SecurityPolicy): readonly FileRule[] | undefined {
  if (!confinesFiles(policy)) return undefined;
  const base = basePaths();
  const strict = securityLevels[policy.securityLevel].fileRules === 'required';
  return policy.paths.map(({ path, access }) => ({
    path,
    access,
    origin: base.has(path) ? 'base' : strict ? 'required' : 'named',
  }));
}

/**
 * What a policy comes to on a kernel with `abi`; `undefined` when it denies nothing that Landlock could.
 *
 * Every process that containerv starts gets a Landlock domain of its own, so a scope also keeps the processes of one
 * container apart. Signals and abstract sockets are scoped only where no namespace keeps the host's away, and abstract
 * sockets not where a rule of the network allows them.
 */
export function rulesetOf(
  policy: SecurityPolicy,
  abi: number,
  shared: Shared,
  network?: HostNetwork,
): Ruleset | undefined {
  const files = fileRulesOf(policy);
  const handledNet = abi < NETWORK_ABI ? 0n : (network?.handled ?? 0n);
  if (abi < 1 || (files === undefined && handledNet === 0n)) return undefined;
  const abstractSockets = network?.sockets.families.includes('unix') ?? false;
  return {
    handledFs: files === undefined ? 0n : handledRights(abi),
    handledNet,
    scoped:
      abi < SCOPE_ABI
        ? 0n
        : (shared.network && !abstractSockets ? SCOPE_ABSTRACT_UNIX_SOCKET : 0n) |
          (shared.processes ? SCOPE_SIGNAL : 0n),
    paths: (files ?? []).map(({ path, access, origin }) => ({
      path,
      rights: rightsOf(access, abi),
      origin,
    })),
    ports: handledNet === 0n ? [] : (network?.ports ?? []),
  };
}

let known: ReadonlySet<string> | undefined;

function basePaths(): ReadonlySet<string> {
  known ??= new Set(
    (['minimal', 'build', 'network', 'custom'] as const).flatMap((name) =>
      createPolicy(name)
        .addPaths([], FsAccess.Read)
        .paths.map(({ path }) => path),
    ),
  );
  return known;
}
