import type { ContainervError, ContainerSpec } from 'containerv-api';
import { SUBORDINATE_STEP } from './ids/choose-ids.js';
import { FILE_RULES_STEP, rulesetError } from './landlock/ruleset-error.js';
import { isNetworkStep, networkError } from './network/network-error.js';
import { type SystemFailure, systemError } from './system-error.js';
import { usualHint } from './usual-hint.js';

/** What init calls the step in which it sees that it can judge calls of sockets. */
const SOCKET_RULES_STEP = 'enforce socket rules';
const EPERM = 1;
const ENOENT = 2;
const E2BIG = 7;
const EACCES = 13;
const ENOTDIR = 20;
const EISDIR = 21;
const EINVAL = 22;
const ENOSPC = 28;
const ERANGE = 34;
const ELOOP = 40;
const EUSERS = 87;
const ENODEV = 19;
const EMEDIUMTYPE = 124;

/** Turns a failure to start init, or init's to build the root, into what the caller needs to know. */
export function bootError(failure: SystemFailure, spec: ContainerSpec, cause?: unknown): ContainervError {
  const { step, errno, path = '' } = failure;
  const details = cause === undefined ? {} : { cause };
  if (step === 'start init' && (errno === EPERM || errno === ENOSPC || errno === EUSERS)) {
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_PERMISSION',
      what: 'This user may not make namespaces here',
      hint: 'The kernel has to allow unprivileged user namespaces, or run as root. Which setting forbids it, and the command that changes it: containerv doctor',
    });
  }
  // Whatever it was that ran out, the step that met it is not to blame.
  if (usualHint(failure) !== undefined) return systemError(failure, { ...details, what: 'Failed' });
  if (isNetworkStep(step)) return networkError(failure, cause);
  if (step === 'map user ids' || step === 'map group ids') {
    const hint = 'The ids must be ones that this user may map. See: containerv doctor';
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_PERMISSION',
      what: 'Cannot map ids:',
      hint,
    });
  }
  if (step === SUBORDINATE_STEP) {
    const hint =
      'It has to be set-user-ID root or have its capability, and this program must not run with no_new_privs. See: containerv doctor';
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_PERMISSION',
      what: 'Cannot map the ids of /etc/subuid and /etc/subgid by',
      hint,
    });
  }
  if (step === FILE_RULES_STEP) return rulesetError(failure, cause);
  if (step === 'enter time namespace' && errno === ERANGE) {
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      what: 'The kernel refuses `timeOffsets`',
      hint: "No clock of the container may be before 0 or beyond 146 years. The host's: head -1 /proc/uptime",
    });
  }
  if (step === 'enter time namespace' && (errno === EINVAL || errno === ENOENT)) {
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      what: 'This kernel has no time namespaces',
      hint: 'Linux 5.6 has, built with CONFIG_TIME_NS. Leave `timeOffsets` and `namespaces.time` out.',
    });
  }
  if (step === 'set oom_score_adj') {
    return systemError(failure, {
      ...details,
      what: `The kernel refuses \`oomScoreAdj\` = ${spec.oomScoreAdj}:`,
      hint: 'Less than this program has takes CAP_SYS_RESOURCE on the host. Its own: cat /proc/self/oom_score_adj',
    });
  }
  if (step === 'take ids' && errno === EUSERS) {
    const hint =
      'Destroy containers, or give more ids: lines of `containerv` in /etc/subuid and /etc/subgid, or CONTAINERV_ID_RANGE=FIRST:COUNT.';
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_STATE',
      what: 'Every range of ids is taken by a container:',
      hint,
    });
  }
  if (step === SOCKET_RULES_STEP) {
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      what: 'Network rules for single sockets cannot be enforced here:',
      hint: 'That takes Linux 5.6 with seccomp user notification, and that process 1 of a container may look into its processes: kernel.yama.ptrace_scope below 3. Permit every local socket or none.',
    });
  }
  if (step === 'make device') {
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      what: 'Cannot make the nodes of `devices`:',
      hint:
        errno === EINVAL
          ? 'Their owners have to be ids of the container.'
          : 'That takes root of the machine itself, not of another container, and Linux 5.2.',
    });
  }
  if (step === 'mount image') return imageError(failure, details);
  if (step === 'open mount source') {
    const hint =
      errno === ENOENT ? 'The path is on the host. Create it first.' : 'It must be readable by this user.';
    return systemError(failure, { ...details, what: 'Cannot open the source of a mount:', hint });
  }
  if (step === 'bind mount' && (errno === ENOTDIR || errno === EISDIR)) {
    const what =
      errno === EISDIR
        ? 'The source is a file and the target a directory:'
        : 'The source is a directory and the target a file:';
    const hint = 'A file can be mounted over a file only, a directory over a directory.';
    return systemError(failure, { ...details, code: 'ERR_CONTAINERV_LAYER', what, hint });
  }
  if (step === 'set sysctl') {
    const name = path.replaceAll('/', '.');
    const what = `The kernel refuses \`${name}\` = '${spec.sysctls[name] ?? ''}'`;
    const hint =
      'See its page in the kernel documentation for the values it takes; a user namespace may not change all of them.';
    return systemError(
      { ...failure, path: undefined },
      { ...details, code: 'ERR_CONTAINERV_INVALID_OPTION', what, hint },
    );
  }
  if (step === 'read back sysctl') {
    const name = path.replaceAll('/', '.');
    const what = `The kernel does not hold \`${name}\` = '${spec.sysctls[name] ?? ''}'`;
    const hint = 'It took a part of the value, or rounded it. Give the value that it has to have.';
    return systemError(
      { ...failure, path: undefined },
      { ...details, code: 'ERR_CONTAINERV_INVALID_OPTION', what, hint },
    );
  }
  if (step === 'open mount target' || step === 'bind generated file') {
    const hint =
      errno === ENOENT ? 'Create it in the root, or let `create` do it in a writable one.' : undefined;
    return systemError(failure, { ...details, code: 'ERR_CONTAINERV_LAYER', what: 'Cannot mount at', hint });
  }
  if (
    errno === ELOOP &&
    ['/proc', '/sys', '/dev'].some((place) => path === place || path.startsWith(`${place}/`))
  ) {
    const hint = 'A root whose /proc, /sys or /dev leads elsewhere is refused. Make it a plain directory.';
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_LAYER',
      what: 'A symbolic link stands at',
      hint,
    });
  }
  if (step === 'mount overlay') return overlayError(failure, spec, details);
  if (step.startsWith('mount ') && errno === ENOENT) {
    const hint = `Create ${path} in the root, or use \`writable: 'overlay'\`, where it is made for you.`;
    return systemError(failure, {
      ...details,
      code: 'ERR_CONTAINERV_LAYER',
      what: 'The root has no directory',
      hint,
    });
  }
  if (step.startsWith('mount ') && (errno === EPERM || errno === EACCES)) {
    const hint =
      'Mounts over parts of /proc or /sys on the host (as in many containers) forbid this. See: containerv doctor';
    return systemError(failure, { ...details, what: 'The kernel does not allow it:', hint });
  }
  return systemError(failure, { ...details, what: 'Failed' });
}

function imageError(failure: SystemFailure, details: { readonly cause?: unknown }): ContainervError {
  const hints: Readonly<Record<number, string>> = {
    [EPERM]:
      'Only root can mount images. Unpack it, as with unsquashfs or fsck.erofs --extract, into a directory.',
    [EACCES]:
      'Only root can mount images. Unpack it, as with unsquashfs or fsck.erofs --extract, into a directory.',
    [EMEDIUMTYPE]: 'An image is a squashfs or erofs file.',
    [ENODEV]:
      'This kernel lacks the file system, or the module that has it: modprobe squashfs, modprobe erofs.',
    [EINVAL]: 'It may be damaged, or made with features that this kernel lacks. See the kernel log.',
  };
  return systemError(failure, {
    ...details,
    code:
      failure.errno === EPERM || failure.errno === EACCES
        ? 'ERR_CONTAINERV_PERMISSION'
        : 'ERR_CONTAINERV_LAYER',
    what: 'Cannot mount the image',
    hint: hints[failure.errno],
  });
}

function overlayError(
  failure: SystemFailure,
  spec: ContainerSpec,
  details: { readonly cause?: unknown },
): ContainervError {
  const hint =
    failure.errno === EINVAL && spec.writable === 'overlay'
      ? "The data directory may be on a file system that overlayfs cannot write to, such as another overlay. Point CONTAINERV_DATA_DIR elsewhere, or use `writable: 'tmpfs'`."
      : failure.errno === EPERM
        ? 'Overlayfs in a user namespace needs Linux 5.11. See: containerv doctor'
        : failure.errno === E2BIG
          ? 'Before Linux 6.8 the names of all layers have to fit in one page, which some 200 do. Merge some.'
          : undefined;
  return systemError(failure, {
    ...details,
    code: 'ERR_CONTAINERV_LAYER',
    what: 'Cannot compose the root',
    hint,
  });
}
