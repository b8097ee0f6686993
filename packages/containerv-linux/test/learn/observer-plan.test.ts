import { createPolicy, planObservation } from 'containerv-policy';
import { describe, expect, test } from 'vitest';
import { encodeObserverPlan } from '../../src/learn/observer-plan.js';
import { randomPass, withObserver } from '../../src/learn/observed-spawn.js';
import { readObservations } from '../../src/learn/read-observations.js';
import { WireReader } from '../../src/wire.js';

const plan = planObservation(createPolicy('build'), 'all', { arch: 'x64', pass: randomPass() });

describe('the plan as the addon reads it', () => {
  test('program, calls, files, and nothing after them', () => {
    // After the header that every message has: the program with its length.
    const encoded = encodeObserverPlan(plan).subarray(8);
    expect(encoded.readUInt32LE()).toBe(plan.answers.length);
    expect(encoded.subarray(4, 4 + plan.answers.length)).toEqual(Buffer.from(plan.answers));
    const reader = new WireReader(encoded.subarray(4 + plan.answers.length));
    const calls = Array.from({ length: reader.u32() }, () => ({
      number: reader.u32(),
      masks: [0, 1, 2, 3, 4, 5].map(() => reader.u64()),
      zero: reader.u32(),
    }));
    // socket(family, type, protocol), prlimit64(pid, resource, new limit)
    expect(calls.find(({ number }) => number === 41)?.masks).toEqual([0xffffffff, 0xf, 0xffffffff, 0, 0, 0]);
    expect(calls.find(({ number }) => number === 302)?.zero).toBe(1 << 2);
    const files = Array.from({ length: reader.u32() }, () =>
      [0, 1, 2, 3, 4, 5, 6].map(() => reader.u32() | 0).concat(reader.u64(), reader.u64()),
    );
    // openat: a target from a descriptor, with flags that O_NOFOLLOW is looked for in.
    expect(files.find(([number]) => number === 257)).toEqual([257, 0, 0, 1, 2, -1, 0, 0o400000, 0]);
    // mmap: a descriptor, where PROT_EXEC is asked for.
    expect(files.find(([number]) => number === 9)).toEqual([9, 2, -1, 4, -1, 2, 0, 0, 4]);
    expect(() => reader.u32()).toThrow(RangeError);
  });

  test('O_NOFOLLOW is that of the architecture', () => {
    const arm64 = planObservation(createPolicy('build'), 'all', { arch: 'arm64', pass: randomPass() });
    expect(encodeObserverPlan(arm64).includes(Buffer.from([0, 0x80, 0, 0, 0, 0, 0, 0]))).toBe(true);
    expect(encodeObserverPlan(arm64).includes(Buffer.from([0, 0, 2, 0, 0, 0, 0, 0]))).toBe(false);
  });
});

test('what was recorded is read in the terms of the plan', () => {
  const call = Buffer.alloc(64);
  call.writeInt32LE(41, 0);
  call.writeUInt32LE(0x7fff0000, 4);
  call.writeBigUInt64LE(7n, 8);
  call.writeBigUInt64LE(2n, 16);
  const path = Buffer.from('/srv/x');
  const raw = {
    calls: call,
    files: [
      { number: 82, shape: 1, flags: 0, kind: 3, path, count: 2 },
      { number: 82, shape: 5, flags: 0, kind: 1, path, count: 1 },
      { number: 82, shape: 0, flags: 0, kind: 9, path, count: 1 },
    ],
    truncated: [16, -1],
    processes: true,
    threads: false,
    began: true,
    failure: '',
  };
  expect(readObservations(raw, plan)).toEqual({
    arch: 'x64',
    calls: [{ number: 41, answer: 0x7fff0000, count: 7, args: [2n, 0n, 0n, 0n, 0n, 0n] }],
    files: [{ syscall: 'rename', flags: 0, found: 'nothing', path: '/srv/x', count: 2 }],
    truncatedCalls: [16],
    processes: true,
    threads: false,
    truncatedFiles: true,
  });
});

test('a pass has no half that any program passes', () => {
  for (let round = 0; round < 1000; round++) {
    const pass = randomPass();
    expect([pass >> 32n, pass & 0xffffffffn]).not.toContain(0n);
  }
  expect(randomPass()).not.toBe(randomPass());
});

test('the observer’s socket comes last, and is closed once, with what only the process was to have', () => {
  const closed: (number | string)[] = [];
  const inner = {
    childFds: [7, 8, 9],
    takePipes: () => new Map(),
    closeChildEnds: () => void closed.push('child ends'),
    closeAll: () => void closed.push('all'),
  };
  const stdio = withObserver(inner, 42, (fd) => void closed.push(fd));
  expect(stdio.childFds).toEqual([7, 8, 9, 42]);
  stdio.closeChildEnds();
  stdio.closeAll();
  expect(closed).toEqual(['child ends', 42, 'all']);
});
