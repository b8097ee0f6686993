/** Architectures that a policy can be compiled for, by Node's names for them. */
export type Arch = 'x64' | 'arm64';

export const arches: readonly Arch[] = ['x64', 'arm64'];

/** `AUDIT_ARCH_*` of linux/audit.h: what the kernel puts into `seccomp_data.arch`. */
export const auditArch: Readonly<Record<Arch, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** The architecture of this process, or x64 where containerv has no tables for it (policies still compile anywhere). */
export function hostArch(): Arch {
  return arches.find((arch) => arch === process.arch) ?? 'x64';
}
