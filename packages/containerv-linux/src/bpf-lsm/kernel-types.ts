/**
 * The kernel's description of its own types (BTF, Documentation/bpf/btf.rst), as far as programs need it: where the
 * members of structures lie, and the ids of the functions that programs are attached to.
 *
 * Every offset and length in it is checked before it is followed: the file is the kernel's, but a parser that trusts
 * its input is one that can be used nowhere else.
 */
export class KernelTypes {
  /** Records, in words of 32 bits. */
  readonly #words: Uint32Array;
  readonly #strings: Uint8Array;
  /** Where each type's record begins; ids count from 1. */
  readonly #records: Uint32Array;
  readonly #types: number;
  readonly #structures: number[] = [];
  readonly #functions: number[] = [];
  /** Members that may still be looked at: structures within structures could be made to take forever. */
  #patience = 1_000_000;

  /** @throws RangeError when `bytes` is not well-formed */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.byteLength < HEADER_BYTES || view.getUint16(0, true) !== MAGIC || view.getUint8(2) !== 1) {
      throw malformed('no header of version 1');
    }
    const header = view.getUint32(4, true);
    if (header < HEADER_BYTES) throw malformed('a header that is too short');
    const section = (offset: number): Uint8Array => {
      const start = header + view.getUint32(offset, true);
      const size = view.getUint32(offset + 4, true);
      if (start + size > bytes.byteLength) throw malformed('a section beyond its end');
      return bytes.slice(start, start + size);
    };
    const records = section(8);
    if (records.byteLength % 4 !== 0) throw malformed('half a word');
    // Of this machine's byte order, as the kernel's own file is.
    this.#words = new Uint32Array(records.buffer, records.byteOffset, records.byteLength / 4);
    this.#strings = section(16);
    if (this.#strings.at(-1) !== 0) throw malformed('a name without an end');
    this.#records = new Uint32Array(this.#words.length / RECORD_WORDS + 1);
    this.#types = this.#index();
  }

  /** The id of the function that programs for a hook are attached to; `hook` is called `file_open`. */
  hookId(hook: string): number | undefined {
    return this.#functions.find((id) => this.#isNamed(this.#record(id), `bpf_lsm_${hook}`));
  }

  /** Whether the kernel has a function of that name. */
  hasFunction(name: string): boolean {
    return this.#functions.some((id) => this.#isNamed(this.#record(id), name));
  }

  /** How many arguments a hook has. */
  hookArguments(hook: string): number {
    const id = this.hookId(hook);
    const prototype = id === undefined ? 0 : this.#word(this.#record(id) + 2);
    return this.#kind(prototype) === Kind.Prototype ? this.#count(this.#record(prototype)) : 0;
  }

  /**
   * Bytes from the start of `structure` to the member at the end of `path`, through structures in it by name and through
   * unnamed ones; `undefined`: there is none, or several structures of that name disagree.
   */
  offsetOf(structure: string, ...path: readonly string[]): number | undefined {
    const named = this.#structures.filter((id) => this.#isNamed(this.#record(id), structure));
    const offsets = new Set(named.map((id) => this.#offsetWithin(id, path)));
    offsets.delete(undefined);
    const [only, ...others] = offsets;
    return others.length === 0 ? only : undefined;
  }

  /** Returns how many types there are, with the one that is nothing. */
  #index(): number {
    let id = 1;
    for (let at = 0; at < this.#words.length; id++) {
      if (at + RECORD_WORDS > this.#words.length) throw malformed('half a record');
      this.#records[id] = at;
      const info = this.#word(at + 1);
      const kind = (info >>> 24) & 0x1f;
      const extra = EXTRA_WORDS[kind];
      if (extra === undefined) throw malformed(`type ${id} of unknown kind ${kind}`);
      if (this.#word(at) >= this.#strings.length) throw malformed('a name beyond its end');
      if (kind === Kind.Structure) this.#structures.push(id);
      else if (kind === Kind.Function) this.#functions.push(id);
      at += RECORD_WORDS + extra.fixed + extra.each * (info & 0xffff);
      if (at > this.#words.length) throw malformed(`type ${id} beyond its end`);
    }
    return id;
  }

  #offsetWithin(id: number, path: readonly string[], depth = 0): number | undefined {
    const [name, ...rest] = path;
    if (name === undefined) return 0;
    const composite = this.#resolve(id);
    const kind = this.#kind(composite);
    if (depth > MAX_DEPTH || (kind !== Kind.Structure && kind !== Kind.Union)) return undefined;
    const record = this.#record(composite);
    const flagged = this.#word(record + 1) >>> 31 === 1;
    for (let index = 0; index < this.#count(record); index++) {
      const member = record + RECORD_WORDS + index * MEMBER_WORDS;
      if (this.#patience-- === 0) throw malformed('structures without end');
      const unnamed = this.#isNamed(member, '');
      if (!unnamed && !this.#isNamed(member, name)) continue;
      const place = this.#word(member + 2);
      const bits = flagged ? place & 0xff_ffff : place;
      const isBitField = flagged && place >>> 24 !== 0;
      const within = this.#offsetWithin(this.#word(member + 1), unnamed ? path : rest, depth + 1);
      if (within !== undefined && !isBitField && bits % 8 === 0) return bits / 8 + within;
    }
    return undefined;
  }

  /** What a type is but for its name and qualifiers. */
  #resolve(id: number): number {
    let resolved = id;
    for (let steps = 0; steps < MAX_DEPTH && TRANSPARENT.has(this.#kind(resolved)); steps++) {
      resolved = this.#word(this.#record(resolved) + 2);
    }
    return resolved;
  }

  #record(id: number): number {
    if (id < 1 || id >= this.#types) throw malformed(`a reference to type ${id}, which there is not`);
    return this.#records[id] ?? 0;
  }

  /** Of no type at all, as of `void`, 0. */
  #kind(id: number): number {
    return id === 0 ? 0 : (this.#word(this.#record(id) + 1) >>> 24) & 0x1f;
  }

  #count(record: number): number {
    return this.#word(record + 1) & 0xffff;
  }

  #word(index: number): number {
    const word = this.#words[index];
    if (word === undefined) throw malformed('a record beyond its end');
    return word;
  }

  /** Whether the record or member at `at`, which begin with where their name is, is called that. */
  #isNamed(at: number, name: string): boolean {
    const offset = this.#word(at);
    for (let index = 0; index < name.length; index++) {
      if (this.#strings[offset + index] !== name.charCodeAt(index)) return false;
    }
    return this.#strings[offset + name.length] === 0;
  }
}

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const RECORD_WORDS = 3;
const MEMBER_WORDS = 3;
const MAX_DEPTH = 16;

/** BTF_KIND_* of linux/btf.h. */
const Kind = { Structure: 4, Union: 5, Function: 12, Prototype: 13 } as const;
/** Typedef, volatile, const, restrict, type tag. */
const TRANSPARENT: ReadonlySet<number> = new Set([8, 9, 10, 11, 18]);

/** What follows a record, by kind: words in any case, and for each of its `vlen` parts. */
const EXTRA_WORDS: readonly ({ readonly fixed: number; readonly each: number } | undefined)[] = [
  undefined,
  { fixed: 1, each: 0 }, // integer
  { fixed: 0, each: 0 }, // pointer
  { fixed: 3, each: 0 }, // array
  { fixed: 0, each: MEMBER_WORDS }, // structure
  { fixed: 0, each: MEMBER_WORDS }, // union
  { fixed: 0, each: 2 }, // enumeration
  { fixed: 0, each: 0 }, // forward declaration
  { fixed: 0, each: 0 }, // typedef
  { fixed: 0, each: 0 }, // volatile
  { fixed: 0, each: 0 }, // const
  { fixed: 0, each: 0 }, // restrict
  // Of a function, `vlen` is its linkage.
  { fixed: 0, each: 0 },
  { fixed: 0, each: 2 }, // prototype
  { fixed: 1, each: 0 }, // variable
  { fixed: 0, each: 3 }, // section
  { fixed: 0, each: 0 }, // floating point
  { fixed: 1, each: 0 }, // declaration tag
  { fixed: 0, each: 0 }, // type tag
  { fixed: 0, each: 3 }, // enumeration of 64 bits
];

function malformed(what: string): RangeError {
  return new RangeError(`The kernel's types cannot be read: ${what}`);
}
