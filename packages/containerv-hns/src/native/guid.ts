/** GUID of guiddef.h, as koffi passes it. */
export interface Guid {
  readonly Data1: number;
  readonly Data2: number;
  readonly Data3: number;
  readonly Data4: readonly number[];
}

/** HNS picks one. */
export const ANY_GUID: Guid = { Data1: 0, Data2: 0, Data3: 0, Data4: [0, 0, 0, 0, 0, 0, 0, 0] };

/** @param text 32 digits with dashes; anything else is a mistake of the caller's. */
export function parseGuid(text: string): Guid {
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new TypeError(`Not a GUID: ${text}`);
  const number = (start: number, length: number): number =>
    Number.parseInt(digits.slice(start, start + length), 16);
  return {
    Data1: number(0, 8),
    Data2: number(8, 4),
    Data3: number(12, 4),
    Data4: Array.from({ length: 8 }, (_, index) => number(16 + index * 2, 2)),
  };
}
