import { ContainervError } from 'containerv-api';

/** The one way this package rejects: `ERR_CONTAINERV_INVALID_POLICY`, naming the entry. */
export function invalidPolicy(what: string, hint?: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_INVALID_POLICY', what, { hint });
}

/** ``Expected `paths[2]` to be an absolute path, got `"lib"` (string)``. */
export function unexpected(entry: string, expectation: string, got: unknown, hint?: string): ContainervError {
  return invalidPolicy(`Expected \`${entry}\` to be ${expectation}, got ${describeValue(got)}`, hint);
}

/** A value for an error message. Bounded whatever the value is, because policies come from files of others. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const shown = value.length > 80 ? `${value.slice(0, 80)}...` : value;
      return `\`${JSON.stringify(shown)}\` (string)`;
    }
    case 'number':
    case 'boolean':
      return `\`${String(value)}\` (${typeof value})`;
    case 'bigint':
      return value > -(2n ** 128n) && value < 2n ** 128n ? `\`${value}\` (bigint)` : 'a huge bigint';
    case 'undefined':
      return '`undefined`';
    case 'object':
      if (value === null) return '`null`';
      return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
  }
}
