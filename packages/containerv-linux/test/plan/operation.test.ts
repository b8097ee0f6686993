import { expect, test } from 'vitest';
import {
  type MountFlag,
  type RootOperation,
  type TargetFlag,
  writeOperation,
} from '../../src/plan/operation.js';
import { MountAttribute, Operation, OperationFlag, OverlayFlag, Place } from '../../src/protocol.js';
import { WireWriter } from '../../src/wire.js';
import { decodeOperation } from '../support/decode-operation.js';

function encoded(operation: RootOperation): Record<string, unknown> {
  const writer = new WireWriter(0, 0);
  writeOperation(writer, operation);
  return decodeOperation(writer.finish());
}

test.for<[RootOperation, Record<string, unknown>]>([
  [
    { op: 'mkdir', path: '/a', mode: 0o755 },
    { number: Operation.OpMkdir, place: Place.InRoot, path: '/a', mode: 0o755 },
  ],
  [
    { op: 'mkdir', place: 'staging', path: 'm', mode: 0o1777 },
    { number: Operation.OpMkdir, place: Place.InStaging, path: 'm', mode: 0o1777 },
  ],
  [
    { op: 'symlink', path: '/bin', target: 'usr/bin' },
    { number: Operation.OpSymlink, place: Place.InRoot, path: '/bin', target: 'usr/bin' },
  ],
  [
    { op: 'symlink', place: 'staging', path: 'root/bin', target: 'usr/bin' },
    { number: Operation.OpSymlink, place: Place.InStaging, path: 'root/bin', target: 'usr/bin' },
  ],
  [
    {
      op: 'mount',
      place: 'staging',
      path: 'root',
      flags: ['create'],
      type: 'tmpfs',
      source: 'root',
      attributes: ['nosuid', 'nodev'],
      options: { mode: '0755', size: '4096' },
    },
    {
      number: Operation.OpMount,
      place: Place.InStaging,
      path: 'root',
      flags: OperationFlag.CreateTarget,
      type: 'tmpfs',
      source: 'root',
      attributes: MountAttribute.Nosuid | MountAttribute.Nodev,
      options: [
        ['mode', '0755'],
        ['size', '4096'],
      ],
    },
  ],
  [
    { op: 'mount', path: '/proc', flags: [], type: 'proc', attributes: [] },
    {
      number: Operation.OpMount,
      place: Place.InRoot,
      path: '/proc',
      flags: 0,
      type: 'proc',
      source: '',
      attributes: 0,
      options: [],
    },
  ],
  [
    { op: 'bind', path: '/data', source: '/srv', flags: ['recursive'], attributes: ['readonly'] },
    {
      number: Operation.OpBind,
      place: Place.InRoot,
      path: '/data',
      flags: OperationFlag.Recursive,
      source: '/srv',
      attributes: MountAttribute.Readonly,
    },
  ],
  [
    { op: 'file', path: '/etc/hostname', flags: ['bound', 'skip-missing'], content: 'box\n' },
    {
      number: Operation.OpFile,
      place: Place.InRoot,
      path: '/etc/hostname',
      flags: OperationFlag.Bound | OperationFlag.SkipMissing,
      mode: 0o644,
      content: 'box\n',
    },
  ],
  [
    { op: 'mask', path: '/proc/kcore' },
    { number: Operation.OpMask, path: '/proc/kcore' },
  ],
  [
    { op: 'readonly', path: '/proc/sys' },
    { number: Operation.OpReadonly, path: '/proc/sys' },
  ],
  [
    { op: 'sysctl', key: 'net/a', value: '1234' },
    { number: Operation.OpSysctl, key: 'net/a', value: '1234' },
  ],
  [
    {
      op: 'overlay',
      place: 'staging',
      path: 'root',
      flags: ['no-symlinks'],
      attributes: ['nosuid', 'nodev'],
      lower: ['/top', '/bottom'],
      upper: '/upper',
      work: '/work',
      userAttributes: true,
      volatile: true,
    },
    {
      number: Operation.OpOverlay,
      place: Place.InStaging,
      path: 'root',
      flags: OperationFlag.NoSymlinks,
      attributes: MountAttribute.Nosuid | MountAttribute.Nodev,
      lower: ['/top', '/bottom'],
      upper: '/upper',
      work: '/work',
      options: OverlayFlag.OverlayUserAttributes | OverlayFlag.OverlayVolatile,
    },
  ],
  [
    {
      op: 'overlay',
      path: '/usr',
      flags: [],
      attributes: [],
      lower: ['/usr'],
      upper: '',
      work: '',
      userAttributes: false,
      volatile: false,
    },
    {
      number: Operation.OpOverlay,
      place: Place.InRoot,
      path: '/usr',
      flags: 0,
      attributes: 0,
      lower: ['/usr'],
      upper: '',
      work: '',
      options: 0,
    },
  ],
  [{ op: 'open-root' }, { number: Operation.OpOpenRoot }],
  [{ op: 'root-readonly' }, { number: Operation.OpRootReadonly }],
])('%j', ([operation, expected]) => {
  expect(encoded(operation)).toEqual(expected);
});

test('every flag of a target is the bit that init reads', () => {
  const flags: Readonly<Record<TargetFlag, number>> = {
    create: OperationFlag.CreateTarget,
    'skip-missing': OperationFlag.SkipMissing,
    'no-symlinks': OperationFlag.NoSymlinks,
    recursive: OperationFlag.Recursive,
    'skip-unsupported': OperationFlag.SkipUnsupported,
    bound: OperationFlag.Bound,
  };
  expect(new Set(Object.values(flags))).toEqual(new Set(Object.values(OperationFlag)));
  for (const [flag, bit] of Object.entries(flags)) {
    expect(
      encoded({ op: 'bind', path: '/', source: '/', flags: [flag as TargetFlag], attributes: [] }),
    ).toMatchObject({ flags: bit });
  }
});

test('every attribute of a mount is the bit that init reads', () => {
  const attributes: Readonly<Record<MountFlag, number>> = {
    readonly: MountAttribute.Readonly,
    nosuid: MountAttribute.Nosuid,
    nodev: MountAttribute.Nodev,
    noexec: MountAttribute.Noexec,
  };
  expect(new Set(Object.values(attributes))).toEqual(new Set(Object.values(MountAttribute)));
  for (const [attribute, bit] of Object.entries(attributes)) {
    expect(
      encoded({ op: 'bind', path: '/', source: '/', flags: [], attributes: [attribute as MountFlag] }),
    ).toMatchObject({ attributes: bit });
  }
});
