/**
 * A seccomp profile as the OCI runtime specification defines it (config-linux.md, "Seccomp"), with the conditions that
 * Docker, Podman and containerd add: `archMap`, `includes`, `excludes`.
 */
export interface OciSeccomp {
  readonly defaultAction: string;
  /** @defaultValue 1, `EPERM` */
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly OciArchMap[];
  readonly flags?: readonly string[];
  readonly syscalls?: readonly OciSyscall[];
}

export interface OciArchMap {
  readonly architecture: string;
  readonly subArchitectures?: readonly string[] | null;
}

export interface OciSyscall {
  readonly names: readonly string[];
  readonly action: string;
  /** The errno, or the data of `SCMP_ACT_TRACE`. @defaultValue 1, `EPERM` */
  readonly errnoRet?: number;
  readonly args?: readonly OciArg[] | null;
  readonly comment?: string;
  /** The rule holds only where all of it is true. */
  readonly includes?: OciConditions;
  /** The rule does not hold where any of it is true. */
  readonly excludes?: OciConditions;
}

export interface OciArg {
  readonly index: number;
  /** What to compare with; for `SCMP_CMP_MASKED_EQ` the mask. */
  readonly value: number;
  /** For `SCMP_CMP_MASKED_EQ` what to compare with. @defaultValue 0 */
  readonly valueTwo?: number;
  readonly op: string;
}

export interface OciConditions {
  readonly caps?: readonly string[];
  /** Names of Go's: `amd64`, `arm64`. */
  readonly arches?: readonly string[];
  /** `4.8` */
  readonly minKernel?: string;
}
