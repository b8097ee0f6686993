import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as protocol from '../src/protocol.js';

const header = readFileSync(new URL('../native/common/protocol.h', import.meta.url), 'utf8').replaceAll(
  /\/\/.*$/gm,
  '',
);

/** Constants that only the native side needs: sizes of what it receives, and a descriptor number of its own. */
const NATIVE_ONLY = [
  'kMaxInline',
  'kMaxBody',
  'kMaxDescriptors',
  'kMaxTrees',
  'kMaxLowerDirectories',
  'kBodyInMemfd',
  'kDriverFd',
];

/** The header's enums: `kReadonly = 1 << 0` of `MountAttribute` becomes `{ MountAttribute: { Readonly: 1 } }`. */
function enumsOf(text: string): Record<string, Record<string, number>> {
  return Object.fromEntries(
    [...text.matchAll(/enum (\w+) : uint32_t \{([^}]*)\}/g)].map(([, name, body]) => [
      name,
      Object.fromEntries(
        (body ?? '')
          .split(',')
          .map((entry) => entry.trim())
          .filter((entry) => entry !== '')
          .map((entry) => member(entry)),
      ),
    ]),
  );
}

function member(entry: string): [string, number] {
  const [, name, value, shift = '0'] = /^k(\w+) = (\d+)(?: << (\d+))?$/.exec(entry) ?? [];
  if (name === undefined) throw new Error(`not understood: ${entry}`);
  return [name, Number(value) * 2 ** Number(shift)];
}

test('every enum of protocol.h has the same names and numbers here, and none is only here', () => {
  const { PROTOCOL_VERSION: _, ...enums } = protocol;
  expect(enumsOf(header)).toEqual(enums);
});

test('the parser of this test sees every enum that there is', () => {
  expect(header.match(/\benum\b/g)).toHaveLength(Object.keys(enumsOf(header)).length);
});

test('the version is the same', () => {
  expect(/kVersion = (\d+);/.exec(header)?.[1]).toBe(String(protocol.PROTOCOL_VERSION));
});

test('a constant that is new in protocol.h is noticed', () => {
  const constants = [...header.matchAll(/inline constexpr \w+ (\w+)/g)].map(([, name]) => name);
  expect(constants).toEqual(['kVersion', ...NATIVE_ONLY]);
});

test('no number stands for two things', () => {
  for (const [name, numbers] of Object.entries(enumsOf(header))) {
    expect([name, new Set(Object.values(numbers)).size]).toEqual([name, Object.keys(numbers).length]);
  }
});
