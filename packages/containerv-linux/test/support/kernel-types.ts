/** What a test says of a type: BTF_KIND_*, a name, the third word, `vlen`, and the words that follow. */
export interface FakeType {
  readonly kind: number;
  readonly name?: string;
  readonly value?: number;
  readonly count?: number;
  readonly flag?: boolean;
  /** A text is the place of that name. */
  readonly rest?: readonly (number | string)[];
}

/** BTF in the kernel's own form (Documentation/bpf/btf.rst). */
export function encodeTypes(types: readonly FakeType[]): Buffer {
  let strings = Buffer.from('\0');
  const place = (name = ''): number => {
    if (name === '') return 0;
    const at = strings.length;
    strings = Buffer.concat([strings, Buffer.from(`${name}\0`)]);
    return at;
  };
  const words = types.flatMap(({ kind, name, value = 0, count = 0, flag = false, rest = [] }) => [
    place(name),
    ((flag ? 0x8000_0000 : 0) | (kind << 24) | count) >>> 0,
    value,
    ...rest.map((word) => (typeof word === 'string' ? place(word) : word)),
  ]);
  const header = [24, 0, words.length * 4, words.length * 4, strings.length];
  const bytes = Buffer.alloc(24 + words.length * 4);
  bytes.writeUInt16LE(0xeb9f, 0);
  bytes.writeUInt8(1, 2);
  for (const [index, word] of [...header, ...words].entries()) bytes.writeUInt32LE(word, 4 + 4 * index);
  return Buffer.concat([bytes, strings]);
}

export const INTEGER: FakeType = { kind: 1, name: 'int', value: 4, rest: [32] };

/** Members as name, type and offset in bits. */
export function structure(
  name: string,
  members: readonly (readonly [string, number, number])[],
  flag = false,
): FakeType {
  return { kind: 4, name, value: 64, count: members.length, flag, rest: members.flat() };
}
