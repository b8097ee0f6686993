/** GUID of guiddef.h. */
export interface Guid {
  readonly Data1: number;
  readonly Data2: number;
  readonly Data3: number;
  readonly Data4: readonly number[] | Uint8Array;
}

/** `'18955d65-d45a-557b-bf1c-49d6dfefc526'`: lower case, without braces, as documents have it. */
export function guidText({ Data1, Data2, Data3, Data4 }: Guid): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const tail = Array.from(Data4, (byte) => hex(byte, 2)).join('');
  return [hex(Data1 >>> 0, 8), hex(Data2, 4), hex(Data3, 4), tail.slice(0, 4), tail.slice(4)].join('-');
}
