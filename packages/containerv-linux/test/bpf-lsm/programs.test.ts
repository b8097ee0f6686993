import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KernelTypes } from '../../src/bpf-lsm/kernel-types.js';
import type { Layout, ProgramMaps } from '../../src/bpf-lsm/program-parts.js';
import {
  type HookProgram,
  HOOKS,
  hooksOf,
  layoutOf,
  missingHooks,
  missingMembers,
  programFor,
} from '../../src/bpf-lsm/programs.js';
import { encodeTypes, INTEGER, structure } from '../support/kernel-types.js';

const NONE = new KernelTypes(encodeTypes([INTEGER]));
const MAPS: ProgramMaps = { containers: 11, marks: 12, rules: 13, mounts: 14, devices: 15, policies: 16 };
const LAYOUT: Layout = {
  execId: 8,
  fileMount: 16,
  fileDentry: 24,
  fileMode: 32,
  fileFlags: 36,
  fileInode: 40,
  inodeMode: 0,
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

const program = (hook: string, types = NONE, maps = MAPS): HookProgram =>
  programFor(hook, { types, layout: LAYOUT, maps, cgroupLevel: 2 });

const EXIT = 0x95;
const LONG = 0x18;
const PSEUDO_FUNC = 4;
const JUMPS: ReadonlySet<number> = new Set([0x05, 0x15, 0x16, 0x1d, 0x55, 0x5d, 0xa5]);

/** Every instruction that can be come to, and what it goes on to; what the kernel checks first. */
function reachable({ instructions: code }: HookProgram): Set<number> {
  const seen = new Set<number>();
  const pending = [0];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (seen.has(index)) continue;
    if (index < 0 || 8 * index >= code.length) throw new RangeError(`It leaves the program at ${index}`);
    seen.add(index);
    const operation = code.readUInt8(8 * index);
    if (operation === EXIT) continue;
    if (operation === LONG) seen.add(index + 1);
    if (operation === LONG && code.readUInt8(8 * index + 1) >> 4 === PSEUDO_FUNC) {
      pending.push(index + 1 + code.readInt32LE(8 * index + 4));
    }
    if (JUMPS.has(operation)) pending.push(index + 1 + code.readInt16LE(8 * index + 2));
    if (operation !== 0x05) pending.push(index + (operation === LONG ? 2 : 1));
  }
  return seen;
}

const OWN: ReadonlySet<string> = new Set(['ptrace_access_check', 'task_alloc']);
const NEVER_DENY: ReadonlySet<string> = new Set(['file_free_security']);

describe.for(HOOKS)('the program for %s', (hook) => {
  const keeping = [MAPS, { ...MAPS, policies: undefined }].filter(
    ({ policies }) => policies !== undefined || !OWN.has(hook),
  );

  test.for([4, 5])('ends, and has no part that nothing leads to, with %i arguments of rename', (count) => {
    for (const maps of keeping) {
      const made = program(hook, renaming(count), maps);
      expect(reachable(made).size).toBe(made.instructions.length / 8);
    }
  });

  test('answers with nothing but 0 and errors, and the function within with what a loop is told', () => {
    const { instructions: code, functionAt } = program(hook);
    const answers = new Set<number>();
    const ofFunction = new Set<number>();
    for (let at = 0; at < code.length; at += 8) {
      if (code.readUInt8(at) !== EXIT) continue;
      expect(code.readUInt8(at - 8)).toBe(0xb7);
      (functionAt !== undefined && at / 8 >= functionAt ? ofFunction : answers).add(code.readInt32LE(at - 4));
    }
    expect([...answers].every((answer) => [0, -1, -12, -13, -18].includes(answer))).toBe(true);
    expect(answers.has(0)).toBe(true);
    expect(answers.size > 1).toBe(!NEVER_DENY.has(hook));
    expect(ofFunction).toEqual(new Set(functionAt === undefined ? [] : [0, 1]));
  });
});

test('programs about policies of processes are only for kernels that can keep them', () => {
  for (const hook of OWN) {
    expect(() => program(hook, NONE, { ...MAPS, policies: undefined })).toThrow('cannot keep');
    expect(hooksOf(NONE)).not.toContain(hook);
  }
  const newer = new KernelTypes(
    encodeTypes([
      INTEGER,
      { kind: 13, value: 1 },
      { kind: 12, name: 'bpf_task_storage_get_recur', value: 2 },
      { kind: 12, name: 'bpf_lsm_file_ioctl_compat', value: 2 },
    ]),
  );
  expect(hooksOf(newer).sort()).toEqual([...HOOKS].sort());
  expect(missingHooks(newer)).toContain('the hook task_alloc');
});

test('an exchange takes what both directions take, where the kernel asks once for both', () => {
  const [four, five] = [4, 5].map((count) => program('path_rename', renaming(count)).instructions.length);
  expect(five).toBeGreaterThan(four ?? Infinity);
});

test('a hook that there is no program for is refused', () => {
  expect(() => program('task_kill')).toThrow('task_kill');
});

test('what a kernel lacks is named', () => {
  expect(missingHooks(NONE)).toContain('the hook file_open');
  expect(missingHooks(NONE)).toContain('the helper bpf_loop (Linux 5.17)');
  expect(missingHooks(NONE)).not.toContain('the hook file_ioctl_compat');
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
