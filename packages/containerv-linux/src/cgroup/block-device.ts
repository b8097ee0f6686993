import { statSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import { failureOf, systemError } from '../system-error.js';

const STEP = 'set limits';

/** The numbers of a block device of the host as control groups want them: `'8:0'`. */
export function blockDevice(device: string): string {
  if (!device.startsWith('/')) return device;
  let found: ReturnType<typeof statSync>;
  try {
    found = statSync(device);
  } catch (cause) {
    const failure = failureOf(cause, STEP);
    if (failure === undefined) throw cause;
    throw systemError(failure, { what: 'Cannot limit the device', cause });
  }
  if (!found.isBlockDevice()) {
    throw new ContainervError('ERR_CONTAINERV_INVALID_OPTION', 'Not a block device:', {
      step: STEP,
      path: device,
      hint: 'lsblk lists the block devices of this host. Limits hold for whole disks, not for partitions.',
    });
  }
  const { major, minor } = deviceNumbers(found.rdev);
  return `${major}:${minor}`;
}

/** A device number as stat(2) gives it (glibc's sys/sysmacros.h). */
function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  const bits = BigInt(rdev);
  return {
    major: Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn)),
    minor: Number((bits & 0xffn) | ((bits >> 12n) & ~0xffn)),
  };
}
