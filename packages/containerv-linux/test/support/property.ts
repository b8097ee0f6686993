import * as fc from 'fast-check';
import { test } from 'vitest';

export { fc };

/** A test that holds for all values of its arbitraries; a failure shows the smallest one and its seed. */
export function property<Values extends [unknown, ...unknown[]]>(
  arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
): (name: string, holds: (...values: Values) => void) => void {
  return (name, holds) => {
    test(name, () => {
      fc.assert(fc.property(...arbitraries, holds));
    });
  };
}
