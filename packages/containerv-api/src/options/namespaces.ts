import { checkBoolean, checkOptions, conflictingOptions } from '../option-check.js';

/** The kinds of namespace; `true`: the container has its own, `false`: it shares the host's. */
export type NamespaceName = (typeof NAMESPACES)[number];
export type Namespaces = Readonly<Partial<Record<NamespaceName, boolean | undefined>>>;
export type ResolvedNamespaces = Readonly<Record<NamespaceName, boolean>>;

const NAMESPACES = ['mount', 'pid', 'net', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const;

/**
 * All but `time` are on, `time` is where clocks are offset, and `net` follows the network: sharing the host's is said with `network: 'host'`, so that
 * nobody loses the isolation of `network: 'none'` by a word elsewhere.
 */
export function resolveNamespaces(
  namespaces: Namespaces | undefined,
  sharesHostNetwork: boolean,
  offsetsClocks = false,
): ResolvedNamespaces {
  if (namespaces !== undefined) checkOptions(namespaces, 'namespaces', NAMESPACES);
  const chosen = Object.fromEntries(
    NAMESPACES.map((name) => {
      const standard = name === 'net' ? !sharesHostNetwork : name !== 'time' || offsetsClocks;
      return [name, checkBoolean(namespaces?.[name] ?? standard, `namespaces.${name}`)];
    }),
  ) as Record<NamespaceName, boolean>;
  if (chosen.net && sharesHostNetwork) {
    throw conflictingOptions("`network: 'host'` and `namespaces.net: true` exclude each other");
  }
  if (!chosen.net && !sharesHostNetwork) {
    throw conflictingOptions(
      "`namespaces.net: false` would share the host's network",
      "Say so with `network: 'host'`.",
    );
  }
  if (!chosen.time && offsetsClocks) {
    throw conflictingOptions('`timeOffsets` needs a time namespace, but `namespaces.time` is `false`');
  }
  return chosen;
}
