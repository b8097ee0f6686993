import type { Native } from '../native.js';

/** Commands of bpf(2), linux/bpf.h. */
export const Command = {
  MapCreate: 0,
  MapLookup: 1,
  MapUpdate: 2,
  MapDelete: 3,
  MapNextKey: 4,
  ProgramLoad: 5,
  ProgramAttach: 8,
  MapById: 14,
  Describe: 15,
  ProgramQuery: 16,
  RawTracepointOpen: 17,
  TypesLoad: 18,
} as const;

const ProgramType = { Lsm: 29 } as const;
const AttachType = { LsmMac: 27 } as const;
export const MapType = { Hash: 1, InodeStorage: 28, TaskStorage: 29 } as const;
const STORAGE: ReadonlySet<number> = new Set([MapType.InodeStorage, MapType.TaskStorage]);

/** Memory as entries come, not for as many as there may be. */
const BPF_F_NO_PREALLOC = 1;
const BPF_NOEXIST = 1;
const ENOENT = 2;
/** BPF_OBJ_NAME_LEN, with its NUL. */
const NAME_BYTES = 16;
/** Helpers that read other memory of the kernel are for programs under this license alone. */
export const GPL: Buffer = Buffer.from('GPL\0');
const LOG_BYTES = 64 * 1024;

export interface MapShape {
  readonly name: string;
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
}

/** A map in the kernel, by its descriptor. Keys and values are as the shape says. */
export class BpfMap {
  readonly fd: number;
  readonly #native: Native;
  readonly #keyBytes: number;
  readonly #valueBytes: number;

  private constructor(native: Native, fd: number, { keyBytes, valueBytes }: MapShape) {
    this.#native = native;
    this.fd = fd;
    this.#keyBytes = keyBytes;
    this.#valueBytes = valueBytes;
  }

  static make(native: Native, shape: MapShape): BpfMap {
    const { name, type, keyBytes, valueBytes, maxEntries } = shape;
    const attributes = attributesOf(72, { 0: type, 4: keyBytes, 8: valueBytes, 12: maxEntries });
    attributes.writeUInt32LE(BPF_F_NO_PREALLOC, 16);
    attributes.write(name.slice(0, NAME_BYTES - 1), 28, 'latin1');
    // The kernel wants to know what the keys and values of storage at inodes are, to show them.
    const types = STORAGE.has(type) ? loadTypes(native) : -1;
    if (types >= 0) {
      attributes.writeUInt32LE(types, 48);
      attributes.writeUInt32LE(TypeId.Word, 52);
      attributes.writeUInt32LE(TypeId.Long, 56);
    }
    try {
      return new BpfMap(native, native.bpf(Command.MapCreate, attributes, []), shape);
    } finally {
      if (types >= 0) native.close(types);
    }
  }

  /** One that is in the kernel already. Takes CAP_SYS_ADMIN. */
  static byId(native: Native, id: number, shape: MapShape): BpfMap {
    return new BpfMap(native, native.bpf(Command.MapById, attributesOf(16, { 0: id }), []), shape);
  }

  /** By which who may can open it; no other map has it for as long as this one is there. */
  id(): number {
    const info = Buffer.alloc(8);
    this.#native.bpf(Command.Describe, attributesOf(16, { 0: this.fd, 4: info.length }), [[8, info]]);
    return info.readUInt32LE(4);
  }

  get(key: Buffer): Buffer | undefined {
    const value = Buffer.alloc(this.#valueBytes);
    try {
      this.#native.bpf(Command.MapLookup, this.#entry(), [
        [8, key],
        [16, value],
      ]);
    } catch (error) {
      if (isErrno(error, ENOENT)) return undefined;
      throw error;
    }
    return value;
  }

  set(key: Buffer, value: Buffer, options: { readonly mustBeNew?: boolean } = {}): void {
    const attributes = this.#entry();
    if (options.mustBeNew === true) attributes.writeBigUInt64LE(BigInt(BPF_NOEXIST), 24);
    this.#native.bpf(Command.MapUpdate, attributes, [
      [8, key],
      [16, value],
    ]);
  }

  delete(key: Buffer): void {
    try {
      this.#native.bpf(Command.MapDelete, this.#entry(), [[8, key]]);
    } catch (error) {
      if (!isErrno(error, ENOENT)) throw error;
    }
  }

  /** All there are; those that come or go meanwhile may be among them, or not. */
  keys(): Buffer[] {
    const found: Buffer[] = [];
    for (let last: Buffer | undefined; ; last = found.at(-1)) {
      const key = Buffer.alloc(this.#keyBytes);
      try {
        const pointers: [number, Buffer][] = last === undefined ? [] : [[8, last]];
        this.#native.bpf(Command.MapNextKey, this.#entry(), [...pointers, [16, key]]);
      } catch (error) {
        if (isErrno(error, ENOENT)) return found;
        throw error;
      }
      found.push(key);
    }
  }

  close(): void {
    this.#native.close(this.fd);
  }

  #entry(): Buffer {
    return attributesOf(32, { 0: this.fd });
  }
}

export interface LoadedProgram {
  readonly hook: string;
  readonly id: number;
  readonly instructions: Buffer;
  /** Where a function begins that the kernel is to call; `undefined`: there is none. */
  readonly functionAt: number | undefined;
}

/** Checks a program and puts it into the kernel. Returns its descriptor; nothing runs it yet. */
export function loadProgram(native: Native, program: LoadedProgram, log?: Buffer): number {
  const { hook, id, instructions, functionAt } = program;
  const attributes = attributesOf(128, { 0: ProgramType.Lsm, 4: instructions.length / 8 });
  attributes.write(`cv_${hook}`.slice(0, NAME_BYTES - 1), 48, 'latin1');
  attributes.writeUInt32LE(AttachType.LsmMac, 68);
  attributes.writeUInt32LE(id, 108);
  const pointers: [number, Buffer][] = [
    [8, instructions],
    [16, GPL],
  ];
  if (log !== undefined) {
    attributes.writeUInt32LE(1, 24);
    attributes.writeUInt32LE(log.length, 28);
    pointers.push([32, log]);
  }
  if (functionAt === undefined) return native.bpf(Command.ProgramLoad, attributes, pointers);
  // What the kernel is to call has to be described as a function.
  const types = loadTypes(native);
  try {
    const functions = [0, TypeId.Judge, functionAt, TypeId.Upwards];
    attributes.writeUInt32LE(types, 72);
    attributes.writeUInt32LE(8, 76);
    attributes.writeUInt32LE(functions.length / 2, 88);
    pointers.push([80, Buffer.from(Uint32Array.from(functions).buffer)]);
    return native.bpf(Command.ProgramLoad, attributes, pointers);
  } finally {
    native.close(types);
  }
}

/** What the kernel's verifier says of a program that it refused: its last lines. */
export function explainRefusal(native: Native, program: LoadedProgram): string {
  const log = Buffer.alloc(LOG_BYTES);
  try {
    native.close(loadProgram(native, program, log));
  } catch {
    const end = log.indexOf(0);
    return log.toString('latin1', 0, end).trim().split('\n').slice(-6).join(' | ');
  }
  return '';
}

/** From now on the kernel asks the program. It stops when the returned descriptor's last holder closes it. */
export function attach(native: Native, program: number): number {
  return native.bpf(Command.RawTracepointOpen, attributesOf(16, { 8: program }), []);
}

/** Types that we describe to the kernel, by number, in BTF (Documentation/bpf/btf.rst). */
const TypeId = { Word: 1, Long: 2, Prototype: 3, Judge: 4, Upwards: 5 } as const;
const TypeKind = { Integer: 1, Function: 12, Prototype: 13 } as const;

/** Integers of 32 and of 64 bits, for what maps hold, and functions that return the former. */
function loadTypes(native: Native): number {
  const names = Buffer.from('\0u32\0u64\0judge\0upwards\0');
  const type = (name: string, kind: number, ...rest: readonly number[]): number[] => [
    name === '' ? 0 : names.indexOf(`\0${name}\0`) + 1,
    kind << 24,
    ...rest,
  ];
  const words = [
    ...type('u32', TypeKind.Integer, 4, 32),
    ...type('u64', TypeKind.Integer, 8, 64),
    ...type('', TypeKind.Prototype, TypeId.Word),
    ...type('judge', TypeKind.Function, TypeId.Prototype),
    ...type('upwards', TypeKind.Function, TypeId.Prototype),
  ];
  const types = Buffer.alloc(24 + words.length * 4 + names.length);
  types.writeUInt16LE(0xeb9f, 0);
  types.writeUInt8(1, 2);
  for (const [index, word] of [24, 0, words.length * 4, words.length * 4, names.length, ...words].entries()) {
    types.writeUInt32LE(word, 4 + 4 * index);
  }
  names.copy(types, 24 + words.length * 4);
  return native.bpf(Command.TypesLoad, attributesOf(32, { 16: types.length }), [[0, types]]);
}

/** A union bpf_attr with 32-bit words at these offsets. */
export function attributesOf(bytes: number, words: Readonly<Record<number, number>>): Buffer {
  const attributes = Buffer.alloc(bytes);
  for (const [offset, word] of Object.entries(words)) attributes.writeUInt32LE(word, Number(offset));
  return attributes;
}

function isErrno(error: unknown, errno: number): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).errno === -errno;
}
