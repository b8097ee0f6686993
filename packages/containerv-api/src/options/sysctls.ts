import { checkOptions, invalidOption } from '../option-check.js';
import { ContainervError } from '../errors.js';
import type { NamespaceName } from './namespaces.js';
import { hasControlCharacter } from './clean-path.js';

/** Kernel parameters of the container's own namespaces by name: `{ 'net.ipv4.ip_unprivileged_port_start': 0 }`. */
export type Sysctls = Readonly<Record<string, string | number>>;

const NAME = /^[a-z0-9_-]+(?:\.[a-zA-Z0-9_-]+)+$/;
const UTS_NAMES: ReadonlySet<string> = new Set(['kernel.hostname', 'kernel.domainname']);
/** Parameters that exist once per namespace. Every other one would change the host. */
const NAMESPACED: readonly (readonly [pattern: RegExp, namespace: NamespaceName])[] = [
  [/^net\./, 'net'],
  [/^kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/, 'ipc'],
  [/^fs\.mqueue\./, 'ipc'],
];

/**
 * @throws ContainervError `ERR_CONTAINERV_INVALID_OPTION` for a parameter that is not namespaced, or whose namespace
 * the container shares with the host.
 */
export function resolveSysctls(
  sysctls: Sysctls | undefined,
  namespaces: Readonly<Record<NamespaceName, boolean>>,
): Readonly<Record<string, string>> {
  if (sysctls === undefined) return {};
  checkOptions(sysctls, 'sysctls', Object.keys(sysctls ?? {}));
  return Object.fromEntries(
    Object.entries(sysctls).map(([name, value]: [string, unknown]) => {
      checkName(name, namespaces);
      const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
      if (typeof text !== 'string' || hasControlCharacter(text.replaceAll('\t', ' '))) {
        throw invalidOption(`sysctls.${name}`, 'a string on one line, or a whole number', value);
      }
      return [name, text];
    }),
  );
}

function checkName(name: string, namespaces: Readonly<Record<NamespaceName, boolean>>): void {
  const namespace = NAME.test(name) ? NAMESPACED.find(([pattern]) => pattern.test(name))?.[1] : undefined;
  if (namespace !== undefined && namespaces[namespace]) return;
  throw new ContainervError(
    'ERR_CONTAINERV_INVALID_OPTION',
    namespace === undefined
      ? `\`sysctls\` has \`${name}\`, which is not a parameter of a namespace; setting it would change the host`
      : `\`sysctls\` has \`${name}\`, but the container shares the host's ${namespace} namespace`,
    {
      hint: UTS_NAMES.has(name)
        ? 'Use the options `hostname` and `domainname`.'
        : 'Only net.*, fs.mqueue.* and the kernel.msg*, kernel.sem and kernel.shm* parameters can be set.',
    },
  );
}
