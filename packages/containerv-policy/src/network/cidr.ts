import { invalidPolicy, unexpected } from '../validate/invalid-policy.js';

export type IpFamily = 'inet' | 'inet6';

/** A range of addresses: those that share the first `prefixLength` bits with `address`. */
export interface AddressRange {
  readonly family: IpFamily;
  /** As an unsigned number: 32 bits for `inet`, 128 for `inet6`. Bits past the prefix are 0. */
  readonly address: bigint;
  readonly prefixLength: number;
}

const bitsOf: Readonly<Record<IpFamily, number>> = { inet: 32, inet6: 128 };

/**
 * `10.0.0.0/8`, `192.0.2.1`, `fd00::/8`: strict, because lenient readers disagree about what `0177.0.0.1` or `1.2.3`
 * mean, and a rule must mean the same to whoever reads it and to the kernel.
 *
 * @throws ERR_CONTAINERV_INVALID_POLICY naming `entry`
 */
export function parseCidr(value: unknown, family: IpFamily, entry: string): AddressRange {
  const expectation = family === 'inet' ? 'an IPv4 address or CIDR' : 'an IPv6 address or CIDR';
  const hint = hintFor(value, family);
  if (typeof value !== 'string' || value.length > 64) throw unexpected(entry, expectation, value, hint);
  const [text = '', prefix, ...rest] = value.split('/');
  const address = family === 'inet' ? parseIpv4(text) : parseIpv6(text);
  if (address === undefined || rest.length > 0) throw unexpected(entry, expectation, value, hint);
  const prefixLength = prefix === undefined ? bitsOf[family] : parsePrefix(prefix, family);
  if (prefixLength === undefined)
    throw unexpected(entry, `${expectation} with a prefix up to /${bitsOf[family]}`, value);
  const hostBits = (1n << BigInt(bitsOf[family] - prefixLength)) - 1n;
  if ((address & hostBits) !== 0n) {
    const network = formatCidr({ family, address: address & ~hostBits, prefixLength });
    throw invalidPolicy(`\`${entry}\`: ${value} has bits set past its prefix`, `Did you mean ${network}?`);
  }
  return { family, address, prefixLength };
}

function hintFor(value: unknown, family: IpFamily): string {
  const text = typeof value === 'string' ? (value.split('/')[0] ?? '') : '';
  const other = family === 'inet' ? 'inet6' : 'inet';
  if ((other === 'inet6' ? parseIpv6(text) : parseIpv4(text)) !== undefined)
    return `Write \`family: '${other}'\`: it is an address of that.`;
  if (/^[\dx.]+$/i.test(text))
    return 'Write four decimal numbers up to 255, without leading zeros, such as 192.0.2.1 or 10.0.0.0/8.';
  if (text.includes(':')) return 'Write it as RFC 4291 does, such as 2001:db8::1 or fd00::/8.';
  return 'Host names are not accepted: their meaning changes. Resolve them, or run a proxy that checks names.';
}

/** Canonical text (RFC 5952 for IPv6), without the prefix where it covers one address. */
export function formatCidr({ family, address, prefixLength }: AddressRange): string {
  const text = family === 'inet' ? formatIpv4(address) : formatIpv6(address);
  return prefixLength === bitsOf[family] ? text : `${text}/${prefixLength}`;
}

function parsePrefix(text: string, family: IpFamily): number | undefined {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return undefined;
  return Number(text) <= bitsOf[family] ? Number(text) : undefined;
}

/** Four decimal numbers up to 255 without leading zeros, which some readers take for octal. */
export function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((address, part) => (address << 8n) | BigInt(part), 0n);
}

/** RFC 4291 section 2.2, all three forms; no zone (`%eth0`), which names no address. */
export function parseIpv6(text: string): bigint | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  // `::` stands for at least one group.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return groups.reduce((address, group) => (address << 16n) | BigInt(group), 0n);
}

/** 16-bit groups; only the very last may be dotted IPv4, which counts for two. */
function parseGroups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [at, part] of parts.entries()) {
    const ipv4 = isEnd && at === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(Number(ipv4 >> 16n), Number(ipv4 & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function formatIpv4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.');
}

function formatIpv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => (address >> BigInt(112 - 16 * at)) & 0xffffn);
  const texts = groups.map((group) => group.toString(16));
  const zeros = longestZeroRun(groups);
  if (zeros.length < 2) return texts.join(':');
  const before = texts.slice(0, zeros.start).join(':');
  const after = texts.slice(zeros.start + zeros.length).join(':');
  return `${before}::${after}`;
}

function longestZeroRun(groups: readonly bigint[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0n) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}
