import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { arches } from '../src/arch.js';
import { arm64 } from '../src/syscalls/arm64.js';
import { elsewhere } from '../src/syscalls/elsewhere.js';
import { syscallEntries, syscallNumber } from '../src/syscalls/table.js';
import { x64 } from '../src/syscalls/x64.js';

const header = ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h'].find(
  (path) => existsSync(path),
);

describe('syscall tables', () => {
  test('have each number once, ascending', () => {
    for (const arch of arches) {
      const numbers = syscallEntries(arch).map(([, number]) => number);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
  });

  test('have the numbers of the manuals', () => {
    const known = {
      read: [0, 63],
      execve: [59, 221],
      clone: [56, 220],
      openat: [257, 56],
      clone3: [435, 435],
      seccomp: [317, 277],
    };
    for (const [name, numbers] of Object.entries(known))
      expect(arches.map((arch) => syscallNumber(name, arch))).toEqual(numbers);
    expect([syscallNumber('open', 'x64'), syscallNumber('open', 'arm64')]).toEqual([2, undefined]);
    // From 424 on all architectures count together.
    const shared = (table: Readonly<Record<string, number>>): unknown =>
      Object.entries(table).filter(([, number]) => number >= 424);
    expect(shared(arm64)).toEqual(shared(x64));
  });

  test.skipIf(process.arch !== 'x64' || header === undefined)(
    'agree with the headers of this machine',
    () => {
      const text = readFileSync(header ?? '', 'utf8');
      const defined = [...text.matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(
        ([, name, number]) => [name, Number(number)] as const,
      );
      expect(defined.length).toBeGreaterThan(300);
      // A newer kernel has more; what both know must be the same.
      const largest = Math.max(...Object.values(x64));
      const common = defined.filter(([, number]) => number <= largest);
      expect(common.map(([name]) => [name, syscallNumber(name ?? '', 'x64')])).toEqual(common);
    },
  );

  test('keep names of other architectures apart', () => {
    expect(elsewhere).toContain('_llseek');
    expect(elsewhere.filter((name) => name in x64 || name in arm64)).toEqual([]);
  });
});
