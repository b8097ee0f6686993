import * as koffi from 'koffi';
import { expect, test } from 'vitest';
import { nativeTypes } from '../src/native/types.js';

const types = nativeTypes(koffi);

/** As the headers have them on 64-bit Windows; alignment is the same on 64-bit Linux. */
test.for([
  ['handle', 8],
  ['guid', 16],
  ['processInformation', 32],
  ['driverInfo', 16],
  ['layerDescriptor', 32],
  ['hcsEvent', 24],
  ['virtualStorageType', 20],
  ['createVirtualDisk', 128],
  ['luid', 8],
  ['objectAttributes', 48],
  ['tokenPrivileges', 16],
  ['privilegeSet', 20],
] as const)('%s has %i bytes', ([name, size]) => {
  expect(koffi.sizeof(types[name])).toBe(size);
});

test('members are where the headers have them', () => {
  expect(koffi.offsetof(types.processInformation, 'StdInput')).toBe(8);
  expect(koffi.offsetof(types.processInformation, 'StdError')).toBe(24);
  expect(koffi.offsetof(types.layerDescriptor, 'Flags')).toBe(16);
  expect(koffi.offsetof(types.layerDescriptor, 'Path')).toBe(24);
  expect(koffi.offsetof(types.hcsEvent, 'EventData')).toBe(8);
  expect(koffi.offsetof(types.createVirtualDisk, 'Version2')).toBe(8);
});
