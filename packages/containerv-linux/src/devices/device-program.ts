import { Assembler } from '../bpf-lsm/assembler.js';
import { attributesOf, Command, GPL } from '../bpf-lsm/bpf.js';
import type { Native } from '../native.js';
import type { DeviceRule } from './device-rules.js';

/** BPF_PROG_TYPE_CGROUP_DEVICE, and BPF_CGROUP_DEVICE of enum bpf_attach_type. */
const PROGRAM_TYPE = 15;
const ATTACH_TYPE = 6;
/** Those of groups above and below decide too, and one refusal is enough. */
const BPF_F_ALLOW_MULTI = 2;
/** BPF_DEVCG_DEV_* and BPF_DEVCG_ACC_* (linux/bpf.h). */
const KIND = { block: 1, char: 2 } as const;
const ACCESS = { m: 1, r: 2, w: 4 } as const;
const LETTERS = ['m', 'r', 'w'] as const;
const ALL_ACCESS = 7;
/** The kernel takes no more in one group. */
const MOST_PROGRAMS = 64;

/**
 * The program that the kernel asks before a process of the group opens a device or makes a node: 1 lets it. Its argument
 * is a `struct bpf_cgroup_dev_ctx`: access and kind in one word, major, minor.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Buffer {
  const program = new Assembler()
    .load(4, 2, 1, 0)
    .setTo('mov', 3, 2)
    .set('and', 3, 0xffff)
    .set('rsh', 2, 16)
    .load(4, 4, 1, 4)
    .load(4, 5, 1, 8);
  for (const { type, major, minor, access } of rules) {
    const next = program.unique('next');
    const allowed = LETTERS.reduce(
      (bits, letter) => (access.includes(letter) ? bits | ACCESS[letter] : bits),
      0,
    );
    program.jumpIf(3, 'ne', KIND[type], next).jumpIf(4, 'ne', major, next);
    if (minor !== undefined) program.jumpIf(5, 'ne', minor, next);
    program
      .setTo('mov', 0, 2)
      .set('and', 0, ALL_ACCESS & ~allowed)
      .jumpIf(0, 'ne', 0, next)
      .exit(1)
      .label(next);
  }
  return program.exit(0).assemble();
}

/**
 * Has the kernel ask a program about every device that processes of a cgroup v2 group open, for as long as the group is
 * there.
 * @returns whether it is among those that the kernel says are asked
 * @throws what the addon throws, with errno EPERM where this process may not
 */
export function attachDeviceProgram(native: Native, group: number, rules: readonly DeviceRule[]): boolean {
  const instructions = deviceProgram(rules);
  const load = attributesOf(128, { 0: PROGRAM_TYPE, 4: instructions.length / 8 });
  load.write('cv_devices', 48, 'latin1');
  const program = native.bpf(Command.ProgramLoad, load, [
    [8, instructions],
    [16, GPL],
  ]);
  try {
    const attach = { 0: group, 4: program, 8: ATTACH_TYPE, 12: BPF_F_ALLOW_MULTI };
    native.bpf(Command.ProgramAttach, attributesOf(32, attach), []);
    return attachedPrograms(native, group).includes(programId(native, program));
  } finally {
    native.close(program);
  }
}

function programId(native: Native, program: number): number {
  const info = Buffer.alloc(16);
  native.bpf(Command.Describe, attributesOf(16, { 0: program, 4: info.length }), [[8, info]]);
  return info.readUInt32LE(4);
}

function attachedPrograms(native: Native, group: number): number[] {
  const ids = Buffer.alloc(4 * MOST_PROGRAMS);
  native.bpf(Command.ProgramQuery, attributesOf(32, { 0: group, 4: ATTACH_TYPE, 24: MOST_PROGRAMS }), [
    [16, ids],
  ]);
  return Array.from({ length: MOST_PROGRAMS }, (_, index) => ids.readUInt32LE(4 * index)).filter(Boolean);
}
