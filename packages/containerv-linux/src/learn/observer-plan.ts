import type { FilePlan, ObservationPlan } from 'containerv-policy';
import { WireWriter } from '../wire.js';

/** `PathShape::Kind` of native/addon/observer_plan.h. */
const KINDS = { target: 0, entry: 1, descriptor: 2, program: 3, socket: 4 } as const;

/** O_NOFOLLOW of fcntl.h is one of the few flags that differ. */
const O_NOFOLLOW = { x64: 0o400000, arm64: 0o100000 } as const;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** An observation plan as `native/addon/observer_plan.cc` reads it. */
export function encodeObserverPlan({ arch, answers, calls, files }: ObservationPlan): Buffer {
  const writer = new WireWriter(0, 0).bytes(answers);
  writer.list(calls, ({ number, masks, zeroOnly }) => {
    writer.u32(number);
    for (let index = 0; index < 6; index++) writer.u64(masks[index] ?? 0n);
    writer.u32(zeroOnly.reduce((bits, index) => bits | (1 << index), 0));
  });
  writer.list(files, (file) => {
    writer.u32(file.number).u32(KINDS[file.kind]);
    for (const argument of [file.directory, file.path, file.flags, file.when?.index])
      writer.u32(argument ?? -1);
    writer.u32(file.flagsInMemory === true ? 1 : 0);
    writer.u64(noFollowBits(file, arch)).u64(file.when?.mask ?? 0);
  });
  return writer.finish();
}

function noFollowBits({ noFollow }: FilePlan, arch: ObservationPlan['arch']): number {
  if (noFollow === undefined) return 0;
  return noFollow === 'open' ? O_NOFOLLOW[arch] : AT_SYMLINK_NOFOLLOW;
}
