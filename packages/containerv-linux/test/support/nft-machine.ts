import { readAttributes, readMessages } from '../../src/netlink/netlink-reader.js';

/** A packet as nftables sees it. */
export interface Packet {
  /** Every `meta` key that rules of the test may load, by number, as the kernel has it in its register. */
  readonly meta: Readonly<Record<number, Uint8Array>>;
  readonly ct: Readonly<Record<number, Uint8Array>>;
  readonly network: Uint8Array;
  readonly transport: Uint8Array;
}

export type Outcome = 'accept' | 'drop' | 'reset' | 'prohibited';

interface Rule {
  readonly expressions: readonly { readonly name: string; readonly data: ReadonlyMap<number, Buffer> }[];
}

interface Chain {
  readonly hook: number | undefined;
  readonly policy: Outcome;
  readonly rules: Rule[];
}

const NEW_TABLE = 0xa00;
const NEW_CHAIN = 0xa03;
const NEW_RULE = 0xa06;

/**
 * Runs the rules that a batch would make, from its bytes: what the kernel does with them, as far as our rules use it
 * (nf_tables_core.c and the expressions' own files). Whatever it does not know is an error.
 */
export class NftMachine {
  readonly #chains = new Map<string, Chain>();

  constructor(batch: Buffer) {
    for (const { type, body } of readMessages(batch)) {
      const attributes = readAttributes(body, 4);
      if (type === NEW_CHAIN) this.#addChain(attributes);
      else if (type === NEW_RULE) this.#addRule(attributes);
      else if (type !== NEW_TABLE && type !== 0x10 && type !== 0x11) throw new Error(`message ${type}`);
    }
  }

  /** What becomes of a packet that enters at a hook. */
  run(hook: number, packet: Packet): Outcome {
    for (const [name, chain] of this.#chains) {
      if (chain.hook === hook) return this.#runChain(name, packet) ?? chain.policy;
    }
    return 'accept';
  }

  #addChain(attributes: ReadonlyMap<number, Buffer>): void {
    const hook = attributes.get(4);
    this.#chains.set(text(attributes.get(3)), {
      hook: hook === undefined ? undefined : number(readAttributes(hook).get(1)),
      policy: attributes.has(5) && number(attributes.get(5)) === 0 ? 'drop' : 'accept',
      rules: [],
    });
  }

  #addRule(attributes: ReadonlyMap<number, Buffer>): void {
    const chain = this.#chains.get(text(attributes.get(2)));
    if (chain === undefined) throw new Error('a rule in no chain');
    const expressions: Rule['expressions'][number][] = [];
    // A list: readAttributes would keep the last of a type.
    const list = attributes.get(4) as Buffer;
    for (let at = 0; at < list.length; at += (list.readUInt16LE(at) + 3) & ~3) {
      const fields = readAttributes(list.subarray(at + 4, at + list.readUInt16LE(at)));
      expressions.push({ name: text(fields.get(1)), data: readAttributes(fields.get(2) ?? Buffer.alloc(0)) });
    }
    chain.rules.push({ expressions });
  }

  /** `undefined`: to the end of the chain, or back. */
  #runChain(name: string, packet: Packet): Outcome | undefined {
    const chain = this.#chains.get(name);
    if (chain === undefined) throw new Error(`no chain ${name}`);
    for (const rule of chain.rules) {
      const verdict = this.#runRule(rule, packet);
      if (verdict === 'return') return undefined;
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #runRule({ expressions }: Rule, packet: Packet): Outcome | 'return' | undefined {
    let register = Buffer.alloc(16);
    for (const { name, data } of expressions) {
      if (name === 'meta' || name === 'ct') {
        const value = packet[name][number(data.get(2))];
        if (value === undefined) throw new Error(`${name} ${number(data.get(2))} of the packet is not known`);
        register = Buffer.from(value);
      } else if (name === 'payload') {
        const header = [undefined, packet.network, packet.transport][number(data.get(2))];
        const [offset, length] = [number(data.get(3)), number(data.get(4))];
        // Past the end of the packet: the rule does not match.
        if (header === undefined || offset + length > header.length) return undefined;
        register = Buffer.from(header.subarray(offset, offset + length));
      } else if (name === 'bitwise') {
        const bits = readAttributes(data.get(4) as Buffer).get(1) as Buffer;
        register = Buffer.from(register.map((byte, at) => byte & (bits[at] ?? 0)));
      } else if (name === 'cmp') {
        const value = readAttributes(data.get(3) as Buffer).get(1) as Buffer;
        if (!holds(number(data.get(2)), Buffer.compare(register.subarray(0, value.length), value)))
          return undefined;
      } else if (name === 'reject') {
        return number(data.get(1)) === 1 ? 'reset' : 'prohibited';
      } else if (name === 'immediate') {
        return this.#verdict(readAttributes(data.get(2) as Buffer), packet);
      } else {
        throw new Error(`expression ${name}`);
      }
    }
    return undefined;
  }

  #verdict(data: ReadonlyMap<number, Buffer>, packet: Packet): Outcome | 'return' | undefined {
    const fields = readAttributes(data.get(2) as Buffer);
    const code = (fields.get(1) as Buffer).readInt32BE();
    if (code === 1) return 'accept';
    if (code === 0) return 'drop';
    if (code === -5) return 'return';
    if (code === -3) return this.#runChain(text(fields.get(2)), packet);
    // goto: not back to this chain, whatever comes of it.
    if (code === -4) return this.#runChain(text(fields.get(2)), packet) ?? 'return';
    throw new Error(`verdict ${code}`);
  }
}

function holds(operator: number, order: number): boolean {
  const result = [order === 0, order !== 0, order < 0, order <= 0, order > 0, order >= 0][operator];
  if (result === undefined) throw new Error(`comparison ${operator}`);
  return result;
}

function number(bytes: Buffer | undefined): number {
  if (bytes === undefined) throw new Error('an attribute is missing');
  return bytes.length === 1 ? bytes.readUInt8() : bytes.readUInt32BE();
}

function text(bytes: Buffer | undefined): string {
  return (bytes as Buffer).toString('utf8', 0, (bytes as Buffer).length - 1);
}
