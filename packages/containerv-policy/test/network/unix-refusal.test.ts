import { expect, test } from 'vitest';
import { arches, auditArch } from '../../src/arch.js';
import { compileUnixRefusal } from '../../src/network/unix-refusal.js';
import { ALLOW, toAnswer } from '../../src/seccomp/answer.js';
import { runFilter } from '../../src/seccomp/interpreter.js';
import { syscallEntries, syscallNumber } from '../../src/syscalls/table.js';

const REFUSED = toAnswer('errno', 13, 'test');
const [UNIX, INET] = [1, 2];
const [STREAM, DGRAM, RAW, SEQPACKET] = [1, 2, 3, 5];
const NONBLOCK = 0o4000;
const UPPER_HALF = 2 ** 40;

test.for(arches)('on %s no socket of the family, and no pair that is as good as one', (arch) => {
  const program = compileUnixRefusal(arch);
  const answer = (name: string, args: readonly number[]): number =>
    runFilter(program, {
      number: syscallNumber(name, arch) ?? -1,
      auditArch: auditArch[arch],
      args: args.map(BigInt),
    }).answer;
  for (const type of [STREAM, DGRAM, SEQPACKET]) {
    expect(answer('socket', [UNIX, type, 0])).toBe(REFUSED);
    expect(answer('socket', [UPPER_HALF + UNIX, type, 0])).toBe(REFUSED);
    expect(answer('socket', [INET, type, 0])).toBe(ALLOW);
  }
  for (const type of [DGRAM, RAW, DGRAM | NONBLOCK, UPPER_HALF + DGRAM])
    expect(answer('socketpair', [UNIX, type, 0])).toBe(REFUSED);
  for (const type of [STREAM, SEQPACKET, STREAM | NONBLOCK])
    expect(answer('socketpair', [UNIX, type, 0])).toBe(ALLOW);
  const touched = syscallEntries(arch).filter(([name]) => answer(name, [UNIX, DGRAM, 0]) !== ALLOW);
  expect(touched.map(([name]) => name).sort()).toEqual(['socket', 'socketpair']);
});
