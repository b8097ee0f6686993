import { describe, expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { compileSocketFilter, type SocketUse } from '../../src/network/socket-filter.js';
import { ALLOW, DENY, LOG } from '../../src/seccomp/answer.js';
import { runFilter } from '../../src/seccomp/interpreter.js';
import { syscallEntries, syscallNumber } from '../../src/syscalls/table.js';

const NOTHING: SocketUse = { families: [], listen: false, accept: false, watchesConnect: true };
const TCP: SocketUse = { families: ['inet'], listen: true, accept: true, watchesConnect: true };

const UDP: SocketUse = { ...NOTHING, udp: ['inet'] };
const BOTH: SocketUse = { ...TCP, udp: ['inet', 'inet6'] };

const [UNIX, INET, INET6, NETLINK, PACKET, VSOCK, SMC] = [1, 2, 10, 16, 17, 40, 43];
const [STREAM, DGRAM, RAW, SEQPACKET] = [1, 2, 3, 5];
const CLOEXEC = 0o2000000;
const FASTOPEN = 0x20000000;
const UPPER_HALF = 2 ** 40;

describe.for(arches)('on %s', (arch) => {
  const answer = (use: SocketUse, name: string, args: readonly number[], log = false): string => {
    const number = syscallNumber(name, arch) ?? -1;
    const program = compileSocketFilter(use, { arch, log });
    const { answer: given } = runFilter(program, {
      number,
      auditArch: auditArch[arch],
      args: args.map(BigInt),
    });
    return new Map([
      [ALLOW, 'allow'],
      [DENY, 'deny'],
      [LOG, 'log'],
    ]).get(given) as string;
  };

  test.for([
    [TCP, [INET, STREAM, 0], 'allow'],
    [TCP, [INET, STREAM | CLOEXEC, 6], 'allow'],
    [TCP, [INET, STREAM, 262], 'deny'],
    [TCP, [INET, STREAM, 132], 'deny'],
    [TCP, [INET, STREAM, 256], 'deny'],
    [TCP, [INET, DGRAM, 0], 'deny'],
    [TCP, [INET, DGRAM | CLOEXEC, 17], 'deny'],
    [TCP, [INET, RAW, 1], 'deny'],
    [TCP, [INET, SEQPACKET, 0], 'deny'],
    [TCP, [INET6, STREAM, 0], 'deny'],
    [TCP, [UNIX, STREAM, 0], 'deny'],
    [TCP, [SMC, STREAM, 0], 'deny'],
    [TCP, [VSOCK, STREAM, 0], 'deny'],
    [TCP, [PACKET, RAW, 0], 'deny'],
    [TCP, [NETLINK, RAW, 0], 'allow'],
    // The kernel reads ints: what is above their 32 bits neither hides nor changes them.
    [TCP, [UPPER_HALF + INET6, STREAM, 0], 'deny'],
    [TCP, [INET, UPPER_HALF + DGRAM, 0], 'deny'],
    [TCP, [INET, STREAM, UPPER_HALF + 262], 'deny'],
    [TCP, [UPPER_HALF + INET, UPPER_HALF + STREAM, UPPER_HALF + 6], 'allow'],
    [{ ...TCP, families: ['unix'] }, [UNIX, DGRAM, 0], 'allow'],
    [{ ...TCP, families: ['unix'] }, [INET, STREAM, 0], 'deny'],
    [{ ...TCP, families: ['inet', 'inet6'] }, [INET6, STREAM, 6], 'allow'],
    [{ ...TCP, families: ['inet', 'inet6'] }, [INET6, STREAM, 262], 'deny'],
    [UDP, [INET, DGRAM, 0], 'allow'],
    [UDP, [INET, DGRAM | CLOEXEC, 17], 'allow'],
    [UDP, [INET, DGRAM, 1], 'deny'],
    [UDP, [INET, DGRAM, 136], 'deny'],
    [UDP, [INET, STREAM, 0], 'deny'],
    [UDP, [INET, RAW, 1], 'deny'],
    [UDP, [INET6, DGRAM, 0], 'deny'],
    [BOTH, [INET, STREAM, 6], 'allow'],
    [BOTH, [INET, DGRAM, 17], 'allow'],
    [BOTH, [INET, STREAM, 17], 'deny'],
    [BOTH, [INET, STREAM, 262], 'deny'],
    [BOTH, [INET, DGRAM, 6], 'deny'],
    [BOTH, [INET, SEQPACKET, 132], 'deny'],
    [BOTH, [INET6, DGRAM, 17], 'allow'],
    [BOTH, [INET6, STREAM, 6], 'deny'],
    [BOTH, [UNIX, STREAM, 0], 'deny'],
    [NOTHING, [INET, STREAM, 0], 'deny'],
    [NOTHING, [UNIX, STREAM, 0], 'deny'],
  ] as const)('%j: socket(%j) %s', ([use, args, expected]) => {
    expect(answer(use, 'socket', args)).toBe(expected);
  });

  test('pairs that can be sent from to anywhere are sockets, pairs that cannot are not', () => {
    for (const type of [DGRAM, RAW, DGRAM | CLOEXEC]) {
      expect(answer(TCP, 'socketpair', [UNIX, type, 0])).toBe('deny');
      expect(answer({ ...TCP, families: ['unix'] }, 'socketpair', [UNIX, type, 0])).toBe('allow');
    }
    for (const type of [STREAM, SEQPACKET | CLOEXEC])
      expect(answer(NOTHING, 'socketpair', [UNIX, type, 0])).toBe('allow');
  });

  test('what makes and connects sockets behind a filter’s back is denied', () => {
    for (const use of [TCP, NOTHING]) expect(answer(use, 'io_uring_setup', [8, 0])).toBe('deny');
  });

  test.for([
    ['sendto', [3, 0, 1, FASTOPEN, 0, 16]],
    ['sendto', [3, 0, 1, UPPER_HALF + (FASTOPEN | 0x4000), 0, 16]],
    ['sendmsg', [3, 0, FASTOPEN]],
    ['sendmmsg', [3, 0, 1, FASTOPEN]],
    ['setsockopt', [3, 6, 31, 0, 3]],
  ] as const)('where ports are watched, %s(%j) connects no more', ([name, args]) => {
    expect(answer(TCP, name, args)).toBe('deny');
    expect(answer({ ...TCP, watchesConnect: false }, name, args)).toBe('allow');
  });

  test.for([
    [0, 4],
    [UPPER_HALF, UPPER_HALF + 4],
    ...[3, 4, 5, 6, 32, 54, 55, 57, 59].map((option) => [41, option] as const),
  ] as const)('where routes are watched, nobody chooses one by setsockopt(%j)', ([level, option]) => {
    expect(answer({ ...TCP, watchesRoutes: true }, 'setsockopt', [3, level, option, 0, 4])).toBe('deny');
    expect(answer(TCP, 'setsockopt', [3, level, option, 0, 4])).toBe('allow');
  });

  test('other uses of the same calls go on', () => {
    expect(answer(TCP, 'sendto', [3, 0, 1, 0x4000, 0, 0])).toBe('allow');
    expect(answer(TCP, 'sendmsg', [3, 0, 0x4000])).toBe('allow');
    expect(answer(TCP, 'setsockopt', [3, 6, 1, 0, 4])).toBe('allow');
    expect(answer(TCP, 'setsockopt', [3, 1, 31, 0, 4])).toBe('allow');
  });

  test('listening and accepting are denied one by one', () => {
    const calls = ['listen', 'accept', 'accept4'];
    const told = (use: SocketUse): string[] => calls.map((name) => answer(use, name, [3, 0, 0]));
    expect(told(TCP)).toEqual(['allow', 'allow', 'allow']);
    expect(told({ ...TCP, listen: false })).toEqual(['deny', 'allow', 'allow']);
    expect(told({ ...TCP, accept: false })).toEqual(['allow', 'deny', 'deny']);
  });

  test('everything else is left to the policy', () => {
    const concerned = new Set(['socket', 'io_uring_setup', 'listen', 'accept', 'accept4']);
    const denied = syscallEntries(arch).filter(
      ([name]) => answer(NOTHING, name, [0, 0, 0, 0, 0, 0]) !== 'allow',
    );
    expect(new Set(denied.map(([name]) => name))).toEqual(concerned);
  });

  test('logging allows', () => {
    expect(answer(NOTHING, 'socket', [INET, STREAM, 0], true)).toBe('log');
  });
});
