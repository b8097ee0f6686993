import type { HostCheck } from 'containerv-api';
import type { HostFiles } from './host-files.js';

/** LSM_ID_BPF of linux/lsm.h. */
const LSM_ID_BPF = 109;
const LISTED = '/sys/kernel/security/lsm';
const TYPES = '/sys/kernel/btf/vmlinux';
const UNUSED = 'containerv does not use it: file rules are enforced with Landlock';

/**
 * Whether BPF programs could decide on file access here. Told because people ask; nothing in this version depends on it.
 *
 * @param modules what lsm_list_modules(2) answers; `undefined` before Linux 6.8
 */
export function checkBpfLsm(host: HostFiles, modules: readonly number[] | undefined): HostCheck {
  const name = 'BPF LSM';
  const listed = host.read(LISTED)?.trim().split(',');
  const active = modules?.includes(LSM_ID_BPF) ?? listed?.includes('bpf');
  const lacks =
    active === undefined
      ? `Whether it is active cannot be told: the kernel has no lsm_list_modules, and ${LISTED} cannot be read`
      : active
        ? host.exists(TYPES)
          ? undefined
          : `Active, but without the kernel's types (BTF, ${TYPES})`
        : 'Not active in this kernel';
  if (lacks !== undefined) return { name, status: 'missing', detail: `${lacks}. ${UNUSED}.` };
  return { name, status: 'ok', detail: `Active, with the kernel's types (BTF). ${UNUSED}.` };
}
