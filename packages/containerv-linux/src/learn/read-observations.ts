import type { ObservationPlan, Observations, ObservedCall, ObservedFile } from 'containerv-policy';
import type { RawFile, RawObservations } from '../native.js';

const CALL_BYTES = 64;
const FOUND = { 1: 'file', 2: 'directory', 3: 'nothing' } as const;

/** What the addon's observer recorded, in the terms of the plan it was given. */
export function readObservations(raw: RawObservations, { arch, files }: ObservationPlan): Observations {
  return {
    arch,
    calls: readCalls(raw.calls),
    files: raw.files.flatMap((file) => readFile(file, files)),
    truncatedCalls: raw.truncated.filter((number) => number >= 0),
    processes: raw.processes,
    threads: raw.threads,
    truncatedFiles: raw.truncated.includes(-1),
  };
}

function readCalls(bytes: Buffer): ObservedCall[] {
  const calls: ObservedCall[] = [];
  for (let at = 0; at + CALL_BYTES <= bytes.length; at += CALL_BYTES) {
    calls.push({
      number: bytes.readInt32LE(at),
      answer: bytes.readUInt32LE(at + 4),
      count: Number(bytes.readBigUInt64LE(at + 8)),
      args: [0, 1, 2, 3, 4, 5].map((index) => bytes.readBigUInt64LE(at + 16 + 8 * index)),
    });
  }
  return calls;
}

function readFile(raw: RawFile, files: ObservationPlan['files']): ObservedFile[] {
  // Shapes are counted per number, in the order of the plan.
  const shape = files.filter(({ number }) => number === raw.number)[raw.shape];
  const found = FOUND[raw.kind as keyof typeof FOUND];
  if (shape === undefined || found === undefined) return [];
  const { flags, count } = raw;
  return [{ syscall: shape.syscall, flags, found, path: raw.path.toString(), count }];
}
