import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KernelTypes } from '../../src/bpf-lsm/kernel-types.js';
import type { Layout } from '../../src/bpf-lsm/program-parts.js';
import { HOOKS, layoutOf, missingHooks, missingMembers, programFor } from '../../src/bpf-lsm/programs.js';
import { encodeTypes, INTEGER, structure } from '../support/kernel-types.js';

const NONE = new KernelTypes(encodeTypes([INTEGER]));
const maps = { containers: 11, marks: 12, rules: 13, mounts: 14 };
const LAYOUT: Layout = {
  execId: 8,
  fileMount: 16,
  fileDentry: 24,
  fileMode: 32,
  fileFlags: 36,
  pathMount: 0,
  pathDentry: 8,
  inode: 48,
  parent: 24,
  superBlock: 104,
  superFlags: 80,
  mountRoot: 0,
  mountBase: 32,
  mountId: 300,
  mountNamespace: 240,
};

/** Types of a kernel in which renaming has `count` arguments. */
function renaming(count: number): KernelTypes {
  const rest = Array.from({ length: count }, () => ['', 1]).flat();
  return new KernelTypes(
    encodeTypes([
      INTEGER,
      { kind: 13, value: 1, count, rest },
      { kind: 12, name: 'bpf_lsm_path_rename', value: 2 },
    ]),
  );
}

const program = (hook: string, types = NONE): Buffer =>
  programFor(hook, { types, layout: LAYOUT, maps, cgroupLevel: 2 });

const JUMPS: ReadonlySet<number> = new Set([0x05, 0x15, 0x1d, 0x55, 0x5d, 0xa5]);

/** Every instruction that can be come to, and what it goes on to; what the kernel checks first. */
function reachable(code: Buffer): Set<number> {
  const seen = new Set<number>();
  const pending = [0];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (seen.has(index)) continue;
    if (index < 0 || 8 * index >= code.length) throw new RangeError(`It leaves the program at ${index}`);
    seen.add(index);
    const operation = code.readUInt8(8 * index);
    if (operation === 0x95) continue;
    if (operation === 0x18) seen.add(index + 1);
    if (JUMPS.has(operation)) pending.push(index + 1 + code.readInt16LE(8 * index + 2));
    if (operation !== 0x05) pending.push(index + (operation === 0x18 ? 2 : 1));
  }
  return seen;
}

describe.for(HOOKS)('the program for %s', (hook) => {
  test.for([4, 5])('ends, and has no part that nothing leads to, with %i arguments of rename', (count) => {
    const code = program(hook, renaming(count));
    expect(reachable(code).size).toBe(code.length / 8);
  });

  test('answers with nothing but 0 and errors', () => {
    const code = program(hook);
    const answers = new Set<number>();
    for (let at = 0; at < code.length; at += 8) {
      if (code.readUInt8(at) !== 0x95) continue;
      expect(code.readUInt8(at - 8)).toBe(0xb7);
      answers.add(code.readInt32LE(at - 4));
    }
    expect([...answers].every((answer) => [0, -1, -13, -18].includes(answer))).toBe(true);
    expect(answers.has(0)).toBe(true);
    expect(answers.size).toBeGreaterThan(1);
  });
});

test('an exchange takes what both directions take, where the kernel asks once for both', () => {
  expect(program('path_rename', renaming(5)).length).toBeGreaterThan(
    program('path_rename', renaming(4)).length,
  );
});

test('a hook that there is no program for is refused', () => {
  expect(() => program('task_kill')).toThrow('task_kill');
});

test('what a kernel lacks is named', () => {
  expect(missingHooks(NONE)).toContain('the hook file_open');
  expect(missingMembers(NONE)).toContain('file.f_path.dentry');
  expect(() => layoutOf(NONE)).toThrow('task_struct.self_exec_id');
  const types = new KernelTypes(encodeTypes([INTEGER, structure('task_struct', [['self_exec_id', 1, 64]])]));
  expect(missingMembers(types)).not.toContain('task_struct.self_exec_id');
});

test.skipIf(!existsSync('/sys/kernel/btf/vmlinux'))('this kernel’s types have what is read', () => {
  const types = new KernelTypes(readFileSync('/sys/kernel/btf/vmlinux'));
  expect(missingMembers(types)).toEqual([]);
  expect(layoutOf(types)).toMatchObject({ pathMount: 0, pathDentry: 8 });
});
