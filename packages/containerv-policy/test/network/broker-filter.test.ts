import { describe, expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { compileBrokerFilter } from '../../src/network/broker-filter.js';
import { ALLOW, DENY, toAnswer } from '../../src/seccomp/answer.js';
import { HAND_OVER } from '../../src/seccomp/compile-observed.js';
import { runFilter } from '../../src/seccomp/interpreter.js';
import { syscallEntries, syscallNumber } from '../../src/syscalls/table.js';

const PASS = 0x1234_5678_9abc_def0n;
const [UNIX, INET] = [1n, 2n];
const [STREAM, DGRAM, RAW, SEQPACKET] = [1n, 2n, 3n, 5n];
const CLOEXEC = 0o2000000n;
const UPPER_HALF = 2n ** 40n;
const REFUSED = toAnswer('errno', 13, 'test');
const BUSY = toAnswer('errno', 16, 'test');
const LACKING = toAnswer('errno', 95, 'test');

describe.for(arches)('on %s', (arch) => {
  const programs = {
    streams: compileBrokerFilter({ arch, pass: PASS, datagrams: false }),
    datagrams: compileBrokerFilter({ arch, pass: PASS, datagrams: true }),
  };
  const answer = (which: keyof typeof programs, name: string, ...args: readonly bigint[]): number =>
    runFilter(programs[which], {
      number: syscallNumber(name, arch) ?? -1,
      auditArch: auditArch[arch],
      args: [0n, 0n, 0n, 0n, 0n, 0n].map((zero, at) => args[at] ?? zero),
    }).answer;

  test.for(['connect', 'bind', 'listen'])('%s is handed over, whatever it is about', (name) => {
    for (const which of ['streams', 'datagrams'] as const) {
      expect(answer(which, name, 3n, 0x7fff_0000_1000n, 16n)).toBe(HAND_OVER);
      expect(answer(which, name)).toBe(HAND_OVER);
    }
  });

  test('messages are handed over where one could name whom it is for', () => {
    for (const name of ['sendmsg', 'sendmmsg']) {
      expect(answer('streams', name, 3n, 4096n)).toBe(ALLOW);
      expect(answer('datagrams', name, 3n, 4096n)).toBe(HAND_OVER);
    }
    expect(answer('streams', 'sendto', 3n, 1n, 1n, 0n, 4096n, 16n)).toBe(ALLOW);
    expect(answer('datagrams', 'sendto', 3n, 1n, 1n, 0n, 0n, 0n)).toBe(ALLOW);
    for (const address of [1n, 4096n, UPPER_HALF])
      expect(answer('datagrams', 'sendto', 3n, 1n, 1n, 0n, address, 16n)).toBe(HAND_OVER);
  });

  test('without datagrams there are no local sockets of them, alone or in pairs', () => {
    for (const name of ['socket', 'socketpair']) {
      for (const kind of [DGRAM, RAW, DGRAM | CLOEXEC, UPPER_HALF + DGRAM]) {
        expect(answer('streams', name, UNIX, kind)).toBe(REFUSED);
        expect(answer('streams', name, UPPER_HALF + UNIX, kind)).toBe(REFUSED);
        expect(answer('datagrams', name, UNIX, kind)).toBe(ALLOW);
      }
      for (const kind of [STREAM, SEQPACKET | CLOEXEC])
        expect(answer('streams', name, UNIX, kind)).toBe(ALLOW);
      expect(answer('streams', name, INET, DGRAM)).toBe(ALLOW);
    }
  });

  test('what would get around it is refused', () => {
    for (const which of ['streams', 'datagrams'] as const) {
      expect(answer(which, 'io_uring_setup', 1n, 4096n)).toBe(DENY);
      expect(answer(which, 'seccomp', 1n, 8n)).toBe(BUSY);
      expect(answer(which, 'seccomp', 1n, 0x28n)).toBe(BUSY);
      expect(answer(which, 'seccomp', 1n, 0n)).toBe(ALLOW);
      for (const name of ['landlock_create_ruleset', 'landlock_add_rule', 'landlock_restrict_self'])
        expect(answer(which, name, 0n, 0n, 1n)).toBe(LACKING);
    }
  });

  test('the one message that hands out the descriptor passes', () => {
    const socket = ((PASS >> 32n) << 32n) + 7n;
    const flags = ((PASS & 0xffff_ffffn) << 32n) + 0x4000n;
    expect(answer('datagrams', 'sendmsg', socket, 4096n, flags)).toBe(ALLOW);
    expect(answer('datagrams', 'sendmsg', socket, 4096n, 0x4000n)).toBe(HAND_OVER);
    expect(answer('datagrams', 'sendmsg', 7n, 4096n, flags)).toBe(HAND_OVER);
    expect(answer('datagrams', 'connect', socket, 4096n, flags)).toBe(HAND_OVER);
  });

  test('everything else is left to the policy', () => {
    const touched = syscallEntries(arch)
      .map(([name]) => name)
      .filter((name) => answer('datagrams', name, 0n, 0n, 0n, 0n, 1n) !== ALLOW);
    const refused = [
      'landlock_add_rule',
      'landlock_create_ruleset',
      'landlock_restrict_self',
      'io_uring_setup',
    ];
    const handed = ['bind', 'connect', 'listen', 'sendmsg', 'sendmmsg', 'sendto'];
    expect(touched.sort()).toEqual([...handed, ...refused].sort());
  });
});
