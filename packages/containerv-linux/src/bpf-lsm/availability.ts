import { readFileSync } from 'node:fs';
import { ContainervError, linuxErrnoName } from 'containerv-api';
import { isUnifiedHost } from '../cgroup/cgroup.js';
import type { Native } from '../native.js';
import { type HostFiles, hostFiles } from '../probe/host-files.js';
import { failureOf } from '../system-error.js';
import { Assembler } from './assembler.js';
import { loadProgram } from './bpf.js';
import { KernelTypes } from './kernel-types.js';
import { missingHooks, missingMembers } from './programs.js';

/** LSM_ID_BPF of linux/lsm.h. */
const LSM_ID_BPF = 109;
const LISTED = '/sys/kernel/security/lsm';
const TYPES = '/sys/kernel/btf/vmlinux';
/** PROC_CGROUP_INIT_INO of linux/proc_ns.h. */
const FIRST_CGROUP_NAMESPACE = 0xefff_fffb;

/** Why something cannot be had, and what somebody could do about it. */
export interface Lack {
  readonly what: string;
  readonly fix?: string;
}

/** What keeps BPF programs from deciding on file access here; `undefined`: nothing. Asks the kernel itself, too. */
export function lackOfBpfLsm(native: Native): Lack | undefined {
  return lackByFiles(hostFiles, native.securityModules(), isUnifiedHost()) ?? lackByTrial(native);
}

/**
 * As far as files and the caller show it.
 *
 * @param modules what lsm_list_modules(2) answers; `undefined` before Linux 6.8
 * @param unified whether containers have their groups in cgroup v2
 */
export function lackByFiles(
  host: HostFiles,
  modules: readonly number[] | undefined,
  unified: boolean,
): Lack | undefined {
  const listed = host.read(LISTED)?.trim().split(',');
  const active = modules?.includes(LSM_ID_BPF) ?? listed?.includes('bpf');
  if (active === undefined) {
    return {
      what: `Whether it is active cannot be told: the kernel has no lsm_list_modules, and ${LISTED} cannot be read`,
      fix: 'sudo mount -t securityfs none /sys/kernel/security',
    };
  }
  if (!active) {
    const fix = "Add 'bpf' to the kernel's lsm= parameter, and boot again.";
    return { what: 'Not active in this kernel', fix };
  }
  if (!host.exists(TYPES)) {
    const fix = 'Use a kernel with CONFIG_DEBUG_INFO_BTF.';
    return { what: `Active, but without the kernel's types (BTF, ${TYPES})`, fix };
  }
  if (host.uid !== 0) return { what: 'Active, but not for this user', fix: 'Run as root.' };
  if (!unified) {
    return {
      what: 'Active, but containers have no group of their own in cgroup v2, which programs tell them by',
      fix: 'Boot with systemd.unified_cgroup_hierarchy=1, or cgroup_no_v1=all.',
    };
  }
  if (host.inode('/proc/self/ns/cgroup') !== FIRST_CGROUP_NAMESPACE) {
    return {
      what: 'Active, but this program is in a control group namespace, from which the place of a group cannot be told',
      fix: 'Start the surrounding container in the cgroup namespace of the host: docker run --cgroupns=host',
    };
  }
  return undefined;
}

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` where `bpfLsm` was asked for and cannot be had */
export function requireBpfLsm(native: Native): void {
  const lack = lackOfBpfLsm(native);
  if (lack === undefined) return;
  throw new ContainervError('ERR_CONTAINERV_UNSUPPORTED', `BPF LSM: ${lack.what}`, {
    step: 'check file rules',
    hint: `${lack.fix ?? 'Use another kernel.'} Without \`bpfLsm\`, Landlock alone enforces file rules.`,
  });
}

/** The same, of a container that was given none. */
export function withoutGroup(): ContainervError {
  return new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    'BPF LSM: this container has no group of its own in cgroup v2, which programs tell it by',
    { step: 'check file rules', hint: 'Leave `bpfLsm` out: Landlock enforces file rules without it.' },
  );
}

/** Has the kernel take a program that allows everything, and lets it go again. */
function lackByTrial(native: Native): Lack | undefined {
  try {
    const types = kernelTypes();
    const missing = [...missingHooks(types), ...missingMembers(types)];
    if (missing.length > 0) return { what: `Active, but this kernel lacks ${missing.join(', ')}` };
    const id = types.hookId('file_open') ?? 0;
    native.close(
      loadProgram(native, {
        hook: 'file_open',
        id,
        instructions: new Assembler().exit(0).assemble(),
        functionAt: undefined,
      }),
    );
  } catch (error) {
    const failure = failureOf(error, 'use BPF');
    const why =
      failure === undefined
        ? String(error)
        : `${failure.syscall} fails with ${linuxErrnoName(failure.errno)}`;
    return {
      what: `Active, but the kernel takes no program for it: ${why}`,
      fix: 'Run with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN, on a kernel that lets programs be attached to functions.',
    };
  }
  return undefined;
}

let known: KernelTypes | undefined;

/** Of the kernel that runs; read once. @throws RangeError | Error of node:fs */
export function kernelTypes(): KernelTypes {
  known ??= new KernelTypes(readFileSync(TYPES));
  return known;
}
