import type { NetlinkWriter } from './netlink-writer.js';

/** One step of an nftables rule (linux/netfilter/nf_tables.h, `nft_expr_attributes`). A comparison that fails ends the rule. */
export interface NftExpression {
  readonly name: string;
  write(writer: NetlinkWriter): void;
}

const Register = { Verdict: 0, First: 1, Second: 2 } as const;
const VALUE = 1;
const VERDICT = 2;

const META_KEYS = {
  protocol: 1,
  mark: 3,
  iifname: 6,
  oifname: 7,
  nfproto: 15,
  l4proto: 16,
  oifgroup: 22,
} as const;
const CT_KEYS = { state: 0, status: 2 } as const;
const BASES = { link: 0, network: 1, transport: 2 } as const;
const COMPARISONS = { '==': 0, '!=': 1, '<=': 3, '>=': 5 } as const;
const VERDICTS = { accept: 1, drop: 0, jump: -3, goto: -4, return: -5 } as const;

export type MetaKey = keyof typeof META_KEYS;
export type Comparison = keyof typeof COMPARISONS;

/** Loads a property of the packet. */
export function meta(key: MetaKey): NftExpression {
  return {
    name: 'meta',
    write: (writer) => writer.attributeU32Be(1, Register.First).attributeU32Be(2, META_KEYS[key]),
  };
}

export function setMark(mark: number): readonly NftExpression[] {
  return [
    immediate(number32(mark)),
    {
      name: 'meta',
      write: (writer) => writer.attributeU32Be(2, META_KEYS.mark).attributeU32Be(3, Register.First),
    },
  ];
}

/** Loads a property of the packet's connection. */
export function ct(key: keyof typeof CT_KEYS): NftExpression {
  return {
    name: 'ct',
    write: (writer) => writer.attributeU32Be(1, Register.First).attributeU32Be(2, CT_KEYS[key]),
  };
}

/** Loads bytes of the packet. */
export function payload(base: keyof typeof BASES, offset: number, length: number): NftExpression {
  return {
    name: 'payload',
    write: (writer) =>
      writer
        .attributeU32Be(1, Register.First)
        .attributeU32Be(2, BASES[base])
        .attributeU32Be(3, offset)
        .attributeU32Be(4, length),
  };
}

/** Keeps the masked bits of what was loaded. */
export function mask(bits: Uint8Array): NftExpression {
  return {
    name: 'bitwise',
    write: (writer) =>
      writer
        .attributeU32Be(1, Register.First)
        .attributeU32Be(2, Register.First)
        .attributeU32Be(3, bits.length)
        .nest(4, (nested) => nested.attribute(VALUE, bits))
        .nest(5, (nested) => nested.attribute(VALUE, new Uint8Array(bits.length))),
  };
}

/** Goes on only when what was loaded compares; bytes are compared from the first on. */
export function compare(comparison: Comparison, value: Uint8Array): NftExpression {
  return {
    name: 'cmp',
    write: (writer) =>
      writer
        .attributeU32Be(1, Register.First)
        .attributeU32Be(2, COMPARISONS[comparison])
        .nest(3, (nested) => nested.attribute(VALUE, value)),
  };
}

function immediate(value: Uint8Array, register: number = Register.First): NftExpression {
  return {
    name: 'immediate',
    write: (writer) => writer.attributeU32Be(1, register).nest(2, (nested) => nested.attribute(VALUE, value)),
  };
}

export function verdict(kind: 'accept' | 'drop' | 'return'): NftExpression {
  return verdictOf(kind, undefined);
}

export function jump(chain: string): NftExpression {
  return verdictOf('jump', chain);
}

export function goTo(chain: string): NftExpression {
  return verdictOf('goto', chain);
}

function verdictOf(kind: keyof typeof VERDICTS, chain: string | undefined): NftExpression {
  return {
    name: 'immediate',
    write: (writer) =>
      writer.attributeU32Be(1, Register.Verdict).nest(2, (data) =>
        data.nest(VERDICT, (nested) => {
          nested.attributeU32Be(1, VERDICTS[kind]);
          if (chain !== undefined) nested.attributeText(2, chain);
        }),
      ),
  };
}

/** A reset for TCP, which tells a program at once; for anything else "prohibited by the administrator". */
export function reject(how: 'tcp-reset' | 'prohibited'): NftExpression {
  const [type, code] = how === 'tcp-reset' ? [1, 0] : [2, 3];
  return {
    name: 'reject',
    write: (writer) => writer.attributeU32Be(1, type).attributeU8(2, code),
  };
}

const DNAT = 1;

/** Sends the packet to another address and port instead. */
export function destinationNat(
  family: number,
  address: Uint8Array,
  port: Uint8Array,
): readonly NftExpression[] {
  return [
    immediate(address),
    immediate(port, Register.Second),
    {
      name: 'nat',
      write: (writer) =>
        writer
          .attributeU32Be(1, DNAT)
          .attributeU32Be(2, family)
          .attributeU32Be(3, Register.First)
          .attributeU32Be(5, Register.Second),
    },
  ];
}

/** Gives the packet the address of the interface that it leaves by. */
export function masquerade(): NftExpression {
  return { name: 'masq', write: () => undefined };
}

const FIB_ADDRESS_TYPE = 3;
const FIB_OF_DESTINATION = 2;
const RTN_LOCAL = 2;

/** Goes on only when the destination is an address of this machine. */
export function destinationIsLocal(): readonly NftExpression[] {
  return [
    {
      name: 'fib',
      write: (writer) =>
        writer
          .attributeU32Be(1, Register.First)
          .attributeU32Be(2, FIB_ADDRESS_TYPE)
          .attributeU32Be(3, FIB_OF_DESTINATION),
    },
    compare('==', number32(RTN_LOCAL)),
  ];
}

/** As the kernel holds its own numbers. */
export function number32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** As packets hold ports and protocol numbers. */
export function number16Be(value: number): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
