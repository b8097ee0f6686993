import type { Native } from '../native.js';

/** Commands of bpf(2), linux/bpf.h. */
const Command = {
  MapCreate: 0,
  MapLookup: 1,
  MapUpdate: 2,
  MapDelete: 3,
  MapNextKey: 4,
  ProgramLoad: 5,
  RawTracepointOpen: 17,
  TypesLoad: 18,
} as const;

const ProgramType = { Lsm: 29 } as const;
const AttachType = { LsmMac: 27 } as const;
export const MapType = { Hash: 1, InodeStorage: 28 } as const;

/** Memory as entries come, not for as many as there may be. */
const BPF_F_NO_PREALLOC = 1;
const BPF_NOEXIST = 1;
const ENOENT = 2;
/** BPF_OBJ_NAME_LEN, with its NUL. */
const NAME_BYTES = 16;
/** Helpers that read other memory of the kernel are for programs under this license alone. */
const LICENSE = Buffer.from('GPL\0');
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
  readonly #valueBytes: number;

  constructor(native: Native, { name, type, keyBytes, valueBytes, maxEntries }: MapShape) {
    this.#native = native;
    this.#valueBytes = valueBytes;
    const attributes = attributesOf(72, { 0: type, 4: keyBytes, 8: valueBytes, 12: maxEntries });
    attributes.writeUInt32LE(BPF_F_NO_PREALLOC, 16);
    attributes.write(name.slice(0, NAME_BYTES - 1), 28, 'latin1');
    // The kernel wants to know what the keys and values of storage at inodes are, to show them.
    const types = type === MapType.InodeStorage ? loadIntegerTypes(native) : -1;
    if (types >= 0) {
      attributes.writeUInt32LE(types, 48);
      attributes.writeUInt32LE(1, 52);
      attributes.writeUInt32LE(2, 56);
    }
    try {
      this.fd = native.bpf(Command.MapCreate, attributes, []);
    } finally {
      if (types >= 0) native.close(types);
    }
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
}

/** Checks a program and puts it into the kernel. Returns its descriptor; nothing runs it yet. */
export function loadProgram(native: Native, { hook, id, instructions }: LoadedProgram): number {
  const attributes = attributesOf(128, { 0: ProgramType.Lsm, 4: instructions.length / 8 });
  attributes.write(`cv_${hook}`.slice(0, NAME_BYTES - 1), 48, 'latin1');
  attributes.writeUInt32LE(AttachType.LsmMac, 68);
  attributes.writeUInt32LE(id, 108);
  return native.bpf(Command.ProgramLoad, attributes, [
    [8, instructions],
    [16, LICENSE],
  ]);
}

/** What the kernel's verifier says of a program that it refused: its last lines. */
export function explainRefusal(native: Native, { hook, id, instructions }: LoadedProgram): string {
  const log = Buffer.alloc(LOG_BYTES);
  const attributes = attributesOf(128, {
    0: ProgramType.Lsm,
    4: instructions.length / 8,
    24: 1,
    28: LOG_BYTES,
  });
  attributes.write(`cv_${hook}`.slice(0, NAME_BYTES - 1), 48, 'latin1');
  attributes.writeUInt32LE(AttachType.LsmMac, 68);
  attributes.writeUInt32LE(id, 108);
  try {
    native.close(
      native.bpf(Command.ProgramLoad, attributes, [
        [8, instructions],
        [16, LICENSE],
        [32, log],
      ]),
    );
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

/** Types 1 and 2: integers of 32 and of 64 bits. */
function loadIntegerTypes(native: Native): number {
  const names = Buffer.from('\0u32\0u64\0');
  const integer = (name: number, bytes: number): number[] => [name, 1 << 24, bytes, bytes * 8];
  const words = [...integer(1, 4), ...integer(5, 8)];
  const types = Buffer.alloc(24 + words.length * 4 + names.length);
  types.writeUInt16LE(0xeb9f, 0);
  types.writeUInt8(1, 2);
  for (const [index, word] of [24, 0, words.length * 4, words.length * 4, names.length, ...words].entries()) {
    types.writeUInt32LE(word, 4 + 4 * index);
  }
  names.copy(types, 24 + words.length * 4);
  return native.bpf(Command.TypesLoad, attributesOf(32, { 16: types.length }), [[0, types]]);
}

function attributesOf(bytes: number, words: Readonly<Record<number, number>>): Buffer {
  const attributes = Buffer.alloc(bytes);
  for (const [offset, word] of Object.entries(words)) attributes.writeUInt32LE(word, Number(offset));
  return attributes;
}

function isErrno(error: unknown, errno: number): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).errno === -errno;
}
