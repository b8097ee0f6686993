import type { Assembler } from './assembler.js';
import { Frame, Helper, ownPolicy, type ProgramMaps } from './program-parts.js';

const ENOMEM = 12;
/** BPF_LOCAL_STORAGE_GET_F_CREATE */
const CREATE = 1;

/** (task, flags): a process or thread that is made has the policy of who makes it, or is not made. */
export function inheritPolicy(program: Assembler, { policies }: ProgramMaps): void {
  if (policies === undefined) throw new RangeError('This kernel cannot keep policies of processes');
  program.setTo('mov', 6, 1).call(Helper.currentTask).setTo('mov', 7, 0);
  ownPolicy(program, policies, 7).jumpIf(0, 'eq', 0, 'ignored').load(8, 7, 0, 0);
  program
    .map(1, policies)
    .load(8, 2, 6, 0)
    .set('mov', 3, 0)
    .set('mov', 4, CREATE)
    .call(Helper.taskStorageGet);
  program.jumpIf(0, 'ne', 0, 'kept').exit(-ENOMEM).label('kept').store(8, 0, 0, 7);
}

/**
 * (task, mode): who has a policy of its own traces, and looks into, nobody who has another, or none. They would do for it
 * what it may not, as in domains of Landlock (security/landlock/task.c).
 */
export function refuseTracing(program: Assembler, { policies }: ProgramMaps): void {
  if (policies === undefined) throw new RangeError('This kernel cannot keep policies of processes');
  program.load(8, 1, 10, Frame.policy).jumpIf(1, 'eq', 0, 'ignored').load(8, 8, 6, 0);
  ownPolicy(program, policies, 8).jumpIf(0, 'eq', 0, 'forbidden');
  program.load(8, 1, 0, 0).load(8, 2, 10, Frame.policy).jumpIfTo(1, 'ne', 2, 'forbidden').jump('ignored');
}
