import type { ContainerOptions, ResolvedUser } from 'containerv-api';
import { expect, test } from 'vitest';
import { encodePlan, writeUser } from '../../src/plan/plan.js';
import { MessageType, PlanFlag, PROTOCOL_VERSION, UserKind } from '../../src/protocol.js';
import { WireReader, WireWriter } from '../../src/wire.js';
import { specOf } from '../support/spec.js';

const ALL_BUT_TIME = ['mount', 'pid', 'net', 'ipc', 'uts', 'user', 'cgroup'] as const;

/** Reads as `Plan::decode` and `RootBuilder::run` of native/init do. */
function decoded(options: ContainerOptions, entersLate = false): Record<string, unknown> {
  const confinement = { capabilities: 0x1_0000_0002n, filter: Uint8Array.of(1, 2, 3, 4), filterText: '' };
  const operations = [{ op: 'mask', path: '/x' }, { op: 'open-root' }] as const;
  const reader = new WireReader(
    encodePlan({ spec: specOf(options), staging: '/run/box', confinement, operations, entersLate }),
  );
  return {
    type: reader.u32(),
    request: reader.u32(),
    version: reader.u32(),
    flags: reader.u32(),
    staging: reader.text(),
    hostname: reader.text(),
    domainname: reader.text(),
    offsets: [reader.u64(), reader.u64()],
    capabilities: reader.u64(),
    filter: [reader.u32(), reader.u32()],
    ruleset: reader.u32(),
    sockets: { filter: reader.u32(), pass: reader.u64(), packets: reader.u32(), rules: reader.u32() },
    cwd: reader.text(),
    user: {
      kind: reader.u32(),
      uid: reader.u32(),
      gid: reader.u32(),
      name: reader.text(),
      groups: reader.u32(),
    },
    limits: list(reader, () => [reader.u32(), reader.u64(), reader.u64()]),
    processors: Array.from({ length: reader.u32() / 8 }, () => reader.u64()),
    environment: list(reader, () => reader.text()),
    operations: reader.u32(),
  };
}

function list<Item>(reader: WireReader, read: () => Item): Item[] {
  return Array.from({ length: reader.u32() }, read);
}

test('the fields are in the order in which init reads them', () => {
  expect(
    decoded({
      hostname: 'web',
      domainname: 'nis',
      timeOffsets: { monotonicSeconds: 5, boottimeSeconds: 7 },
      cpuAffinity: '1,3,64',
      cwd: '/srv',
      env: { PATH: '/bin' },
      user: 'me',
      rlimits: { core: 0 },
    }),
  ).toEqual({
    type: MessageType.Plan,
    request: 0,
    version: PROTOCOL_VERSION,
    flags:
      PlanFlag.UserNamespace |
      PlanFlag.PidNamespace |
      PlanFlag.NewCgroupNamespace |
      PlanFlag.NetNamespace |
      PlanFlag.NewTimeNamespace,
    staging: '/run/box',
    hostname: 'web',
    domainname: 'nis',
    offsets: [5, 7],
    capabilities: 0x1_0000_0002,
    filter: [4, 0x04030201],
    ruleset: 0,
    sockets: { filter: 0, pass: 0, packets: 0, rules: 0 },
    cwd: '/srv',
    user: { kind: UserKind.UserName, uid: 0, gid: 0, name: 'me', groups: 0 },
    limits: [[4, 0, 0]],
    processors: [0b1010, 1],
    environment: ['PATH=/bin'],
    operations: 2,
  });
});

test.for([
  [{ detached: true }, PlanFlag.Detached],
  [{ namespaces: { time: true } }, PlanFlag.NewTimeNamespace],
] as const)('%j adds flag %i', ([options, flag]) => {
  expect(decoded(options)['flags']).toBe((decoded({})['flags'] as number) | flag);
});

test('a group that is still to be made is entered late', () => {
  expect(decoded({}, true)['flags']).toBe((decoded({})['flags'] as number) | PlanFlag.EntersLate);
});

test.for([
  [{ namespaces: { user: false } }, PlanFlag.UserNamespace],
  [{ namespaces: { pid: false } }, PlanFlag.PidNamespace],
  [{ namespaces: { cgroup: false } }, PlanFlag.NewCgroupNamespace],
  [{ network: 'host' }, PlanFlag.NetNamespace],
] as const)('%j takes flag %i away', ([options, flag]) => {
  expect(decoded(options)['flags']).toBe((decoded({})['flags'] as number) & ~flag);
});

test('without any namespace there is no flag', () => {
  const namespaces = Object.fromEntries(ALL_BUT_TIME.map((name) => [name, false]));
  expect(decoded({ namespaces, network: 'host' })['flags']).toBe(0);
});

test("the host's name is not changed without a UTS namespace", () => {
  expect(decoded({ namespaces: { uts: false } })['hostname']).toBe('');
});

test.for<[ResolvedUser, [kind: number, uid: number, gid: number, name: string, groups: readonly number[]]]>([
  [{ user: 5, group: 6, groups: undefined }, [UserKind.UserIds, 5, 6, '', []]],
  [{ user: 5, group: 6, groups: [7, 8] }, [UserKind.UserIds, 5, 6, '', [7, 8]]],
  [{ user: 5, group: undefined, groups: undefined }, [UserKind.UserName, 0, 0, '5', []]],
  [{ user: 'www', group: undefined, groups: undefined }, [UserKind.UserName, 0, 0, 'www', []]],
  [{ user: 'www', group: 'adm', groups: undefined }, [UserKind.UserName, 0, 0, 'www:adm', []]],
  [{ user: 5, group: 'adm', groups: undefined }, [UserKind.UserName, 0, 0, '5:adm', []]],
  [{ user: 'www', group: 6, groups: undefined }, [UserKind.UserName, 0, 0, 'www:6', []]],
])('user %j', ([user, expected]) => {
  const writer = new WireWriter(0, 0);
  writeUser(writer, user);
  const reader = new WireReader(writer.finish());
  reader.u64();
  const head = [reader.u32(), reader.u32(), reader.u32(), reader.text()];
  expect([...head, Array.from({ length: reader.u32() / 4 }, () => reader.u32())]).toEqual(expected);
});
