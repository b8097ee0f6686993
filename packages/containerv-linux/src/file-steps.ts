import type { EncodedSteps, FileStep } from './native.js';
import { WireWriter } from './wire.js';

/** `FileStep::Kind` of native/addon/file_batch.h. */
const KINDS: Readonly<Record<FileStep['op'], number>> = {
  mkdir: 0,
  'ensure-directory': 1,
  write: 2,
  replace: 3,
  read: 4,
  open: 5,
  lock: 6,
  rmdir: 7,
  'remove-tree': 8,
  'remove-claim': 9,
  directory: 10,
  'await-exit': 11,
  publish: 12,
  'opaque-marks': 13,
};

/** File steps as `native/addon/file_steps.cc` reads them, which refuses paths with a NUL instead of cutting them. */
export function encodeFileSteps(steps: readonly FileStep[]): EncodedSteps {
  const writer = new WireWriter();
  writer.list(steps, (step) => {
    writer.u32(KINDS[step.op]).u32(step.optional === true ? 1 : 0);
    writer.u32('mode' in step ? step.mode : 'exclusive' in step && step.exclusive ? 1 : 0);
    writer.text(step.path).text('text' in step ? step.text : '');
  });
  return writer.finish();
}
