import { isIP } from 'node:net';

/** Bits of an address, as a number; `undefined` for what is none. A zone is not part of an address. */
function parseAddress(text: string): { readonly bits: bigint; readonly length: 32 | 128 } | undefined {
  switch (isIP(text)) {
    case 4:
      return { bits: octets(text), length: 32 };
    case 6:
      return text.includes('%') ? undefined : { bits: groups(text), length: 128 };
    default:
      return undefined;
  }
}

function octets(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function groups(text: string): bigint {
  // "::ffff:1.2.3.4" ends in two groups.
  const tail = /[^:]*\.[^:]*$/.exec(text)?.[0];
  const v4 = tail === undefined ? 0n : octets(tail);
  const whole =
    tail === undefined
      ? text
      : `${text.slice(0, -tail.length)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  const [head = '', rest] = whole.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** 4 or 6; `undefined` for what is no address. */
export function addressFamily(text: string): 4 | 6 | undefined {
  const parsed = parseAddress(text);
  return parsed === undefined ? undefined : parsed.length === 32 ? 4 : 6;
}

/** Whether two texts are the same address: `'::1'` and `'0:0::1'` are. */
export function sameAddress(a: string, b: string): boolean {
  const one = parseAddress(a);
  const other = parseAddress(b);
  return one !== undefined && other !== undefined && one.length === other.length && one.bits === other.bits;
}

/** `'172.20.0.0/16'`; an address alone is a block of one. `undefined`: neither. */
export function parsePrefix(
  text: string,
): { readonly bits: bigint; readonly length: 32 | 128; readonly prefixLength: number } | undefined {
  const [base = '', length, ...rest] = text.split('/');
  const parsed = parseAddress(base);
  if (parsed === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { ...parsed, prefixLength: parsed.length };
  const prefixLength = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return prefixLength <= parsed.length ? { ...parsed, prefixLength } : undefined;
}

/** Whether `prefix` holds `address`; `false` for different families and for what is neither. */
export function isInPrefix(address: string, prefix: string): boolean {
  const one = parseAddress(address);
  const block = parsePrefix(prefix);
  if (one === undefined || block === undefined || one.length !== block.length) return false;
  const shift = BigInt(one.length - block.prefixLength);
  return one.bits >> shift === block.bits >> shift;
}

/** Whether two texts are the same block of addresses. */
export function samePrefix(a: string, b: string): boolean {
  const one = parsePrefix(a);
  const other = parsePrefix(b);
  if (one === undefined || other === undefined) return a === b;
  if (one.length !== other.length || one.prefixLength !== other.prefixLength) return false;
  const shift = BigInt(one.length - one.prefixLength);
  return one.bits >> shift === other.bits >> shift;
}

/** `'255.255.0.0'` for 16, as netsh wants it. */
export function dottedMask(prefixLength: number): string {
  const bits = ((1n << BigInt(prefixLength)) - 1n) << BigInt(32 - prefixLength);
  return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');
}

/** `'00-15-5D-52-C0-10'`, as HNS has it, from dashes, colons or nothing between. `undefined`: no MAC of one adapter. */
export function macAddress(text: string): string | undefined {
  const digits = /^[0-9a-f]{2}([-:]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)
    ? text.replaceAll(/[-:]/g, '').toUpperCase()
    : undefined;
  // An odd first octet is a group of adapters.
  if (digits === undefined || Number.parseInt(digits.slice(0, 2), 16) % 2 === 1) return undefined;
  return digits.match(/../g)?.join('-');
}

/** Addresses in one text, apart by spaces, commas or semicolons; what is none of the three stays for the caller to judge. */
export function splitDnsServers(list: string | readonly string[]): string[] {
  return (typeof list === 'string' ? [list] : list)
    .flatMap((text) => text.split(/[\s,;]+/))
    .filter((text) => text !== '');
}
