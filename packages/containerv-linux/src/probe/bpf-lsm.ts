import type { HostCheck } from 'containerv-api';
import type { Lack } from '../bpf-lsm/availability.js';

/** Whether BPF programs can decide on file access here, besides Landlock. */
export function checkBpfLsm(lack: Lack | undefined): HostCheck {
  const name = 'BPF LSM';
  if (lack === undefined) return { name, status: 'ok', detail: 'Active; the kernel takes programs for it' };
  const detail = `${lack.what}. File rules are enforced with Landlock all the same.`;
  return { name, status: 'missing', detail, ...(lack.fix === undefined ? {} : { fix: lack.fix }) };
}
