/** JSON as HCS reads it: no `null`, no empty members, unless they mean something. */
export type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Without the members that are `undefined`. */
export function compact(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** `undefined` for an empty list, which HCS need not see. */
export function unlessEmpty<T extends Json>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

export const SCHEMA_2_1: JsonObject = { Major: 2, Minor: 1 };
/** Who made a compute system. The driver adds from where: what is swept is found by it. */
export const OWNER = 'containerv';
