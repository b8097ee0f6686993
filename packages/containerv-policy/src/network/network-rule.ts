import { checkInteger, checkList, checkRecord, checkWord } from '../validate/check.js';
import { invalidPolicy, unexpected } from '../validate/invalid-policy.js';
import { checkPath } from '../files/path-rule.js';
import { formatCidr, parseCidr } from './cidr.js';

export type NetworkFamily = 'inet' | 'inet6' | 'unix';
export type NetworkProtocol = 'tcp' | 'udp';
export type NetworkOperation = 'connect' | 'bind' | 'listen' | 'accept' | 'send';

/** One port, or `[first, last]` with both included. */
export type PortRange = number | readonly [from: number, to: number];

/** Permission to communicate. Once a policy has rules, what none of them permits is denied. */
export interface NetworkRule {
  readonly family: NetworkFamily;
  /** inet, inet6. @defaultValue both */
  readonly protocol?: NetworkProtocol;
  /**
   * inet, inet6: address or CIDR of the other end, for `bind`, `listen` and `accept` the own one. No host names.
   * @defaultValue every address
   */
  readonly address?: string;
  /** inet, inet6: 1 to 65535. Empty: none, so the rule permits nothing. @defaultValue every port */
  readonly ports?: readonly PortRange[];
  /** unix: absolute path of the socket, or its abstract name after `@`. @defaultValue every socket */
  readonly path?: string;
  /** Empty: nothing. @defaultValue all five */
  readonly allow?: readonly NetworkOperation[];
}

const families: readonly NetworkFamily[] = ['inet', 'inet6', 'unix'];
const protocols: readonly NetworkProtocol[] = ['tcp', 'udp'];
export const networkOperations: readonly NetworkOperation[] = ['connect', 'bind', 'listen', 'accept', 'send'];

/** Room in `sockaddr_un.sun_path`: a path needs its NUL, an abstract name its leading one. */
const maxUnixName = 107;

/** Checked and canonical: addresses in one spelling, lists sorted and merged, so equal rules are equal as text. */
export function checkNetworkRule(value: unknown, entry: string): NetworkRule {
  const keys = ['family', 'protocol', 'address', 'ports', 'path', 'allow'] as const;
  const rule = checkRecord(value, entry, keys);
  const family = checkWord(rule['family'], `${entry}.family`, families);
  const foreign = family === 'unix' ? (['protocol', 'address', 'ports'] as const) : (['path'] as const);
  for (const key of foreign) {
    if (rule[key] !== undefined)
      throw invalidPolicy(
        `\`${entry}.${key}\` contradicts \`family: '${family}'\``,
        `A ${family} socket has no ${key}.`,
      );
  }
  const allow =
    rule['allow'] === undefined ? {} : { allow: checkOperations(rule['allow'], `${entry}.allow`) };
  if (family === 'unix') {
    return {
      family,
      ...(rule['path'] === undefined ? {} : { path: checkUnixName(rule['path'], entry) }),
      ...allow,
    };
  }
  const { protocol, address, ports } = rule;
  if (protocol === 'udp' && (allow.allow?.includes('listen') || allow.allow?.includes('accept')))
    throw invalidPolicy(
      `\`${entry}.allow\` contradicts \`protocol: 'udp'\``,
      'Only tcp has listen and accept.',
    );
  return {
    family,
    ...(protocol === undefined ? {} : { protocol: checkWord(protocol, `${entry}.protocol`, protocols) }),
    ...(address === undefined ? {} : { address: formatCidr(parseCidr(address, family, `${entry}.address`)) }),
    ...(ports === undefined ? {} : { ports: checkPorts(ports, `${entry}.ports`) }),
    ...allow,
  };
}

/** Rules without repetitions. */
export function mergeNetworkRules(...lists: readonly (readonly NetworkRule[])[]): readonly NetworkRule[] {
  return [...new Map(lists.flat().map((rule) => [JSON.stringify(rule), rule])).values()];
}

function checkOperations(value: unknown, entry: string): readonly NetworkOperation[] {
  const wanted = new Set(
    checkList(value, entry).map((word, at) => checkWord(word, `${entry}[${at}]`, networkOperations)),
  );
  return networkOperations.filter((operation) => wanted.has(operation));
}

function checkUnixName(value: unknown, rule: string): string {
  const entry = `${rule}.path`;
  if (typeof value !== 'string' || Buffer.byteLength(value) > maxUnixName)
    throw unexpected(entry, `a socket's path or @name of at most ${maxUnixName} bytes`, value);
  if (!value.startsWith('@')) return checkPath(value, entry);
  // Abstract names are bytes without structure, so nothing is normalised; what cannot be read is refused.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (value === '@' || /[\u0000-\u001f\u007f]|\p{Surrogate}/u.test(value))
    throw unexpected(entry, 'an abstract name of visible characters after `@`', value);
  return value;
}

/** Sorted, with touching and overlapping ranges joined. */
function checkPorts(value: unknown, entry: string): readonly PortRange[] {
  const ranges = checkList(value, entry)
    .map((ports, at) => checkPortRange(ports, `${entry}[${at}]`))
    .sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined.map(([from, to]) => (from === to ? from : [from, to]));
}

function checkPortRange(value: unknown, entry: string): readonly [number, number] {
  if (!Array.isArray(value)) {
    const port = checkInteger(value, entry, 1, 65535);
    return [port, port];
  }
  const bounds = checkList(value, entry);
  if (bounds.length !== 2) throw unexpected(entry, 'a port or [first, last]', value);
  const from = checkInteger(bounds[0], `${entry}[0]`, 1, 65535);
  const to = checkInteger(bounds[1], `${entry}[1]`, 1, 65535);
  if (from > to)
    throw invalidPolicy(`\`${entry}\`: the range [${from}, ${to}] is empty`, `Write [${to}, ${from}].`);
  return [from, to];
}
