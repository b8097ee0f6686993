// Each takes one defence away, so that the attack it stands against must succeed and be noticed. `weaken.mjs` tries
// them; docs/security-cases.md names them.

const INIT = 'containerv-linux/native/init';
const REMOVAL = 'containerv-linux/native/addon/remove_tree.cc';
const TRACEABLE = {
  file: `${INIT}/main.cc`,
  from: '  supervisor.run();',
  to: '  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);\n  supervisor.run();',
};
const UNROOTED = {
  file: `${INIT}/rooted_path.cc`,
  from: 'UniqueFd fd(kernel::openat2(root, path[0] == 0 ? "." : path, static_cast<uint64_t>(flags), resolve));',
  to: 'const char* rest = path + strspn(path, "/");\n    UniqueFd fd(kernel::openat2(root, *rest == 0 ? "." : rest, static_cast<uint64_t>(flags), resolve & kernel::kResolveNoSymlinks));',
};
const PLAN = 'containerv-linux/src/plan/standard-mounts.ts';

/**
 * @typedef {object} Weakening
 * @property {string} file below `packages`
 * @property {string} from what stands there, once
 * @property {string} to
 * @property {readonly Readonly<Record<'file' | 'from' | 'to', string>>[]} [also] further lines of the same defence
 * @property {string} caughtBy a test file of this package
 * @property {string} title of the test that must fail, or how it begins
 */

/** @type {Readonly<Record<string, Weakening>>} */
export const WEAKENINGS = {
  'init can be traced': {
    ...TRACEABLE,
    caughtBy: 'security/tracing.test.ts',
    title: 'gets nothing of those',
  },
  'init can be reached as a program': {
    ...TRACEABLE,
    caughtBy: 'security/own-program.test.ts',
    title: 'CVE-2019-5736: a container that runs',
  },
  'paths of a root are resolved as the host has them': {
    ...UNROOTED,
    caughtBy: 'linux/hostile-root.test.ts',
    title: 'that lead through links stay in the root',
  },
  'paths of a root are resolved as the host has them, while they change': {
    ...UNROOTED,
    caughtBy: 'linux/escape.test.ts',
    title: 'without a user namespace',
  },
  'what a download brought is followed by the next': {
    file: 'containerv-linux/native/common/transfer/tree_target.cc',
    from: 'level.fd.reset(openat(here(), own, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));',
    to: 'level.fd.reset(openat(here(), own, O_RDONLY | O_DIRECTORY | O_CLOEXEC));',
    caughtBy: 'linux/transfers-hostile.test.ts',
    title: 'a link that one download brought',
  },
  'links are accepted for /proc, /sys and /dev': {
    file: `${INIT}/rooted_path.cc`,
    from: '(links == Links::kRefuse ? kernel::kResolveNoSymlinks : 0);',
    to: '(links == Links::kRefuse ? 0 : 0);',
    caughtBy: 'linux/hostile-root.test.ts',
    title: 'is refused or contained',
  },
  'anything may be mounted below /proc': {
    file: 'containerv-api/src/options/mounts.ts',
    from: "if (target === '/' || isWithin(target, '/proc'))",
    to: "if (target === '/')",
    caughtBy: 'security/mounted-over.test.ts',
    title: 'CVE-2019-16884',
  },
  'a label is written by a path in the container’s /proc': {
    file: `${INIT}/child.cc`,
    from: '  if (setsid() < 0) child.fail(',
    to: '  {\n    UniqueFd label(open("/proc/thread-self/attr/exec", O_WRONLY | O_TRUNC | O_CLOEXEC));\n    if (label) (void)!write(label.get(), "label", 5);\n  }\n  if (setsid() < 0) child.fail(',
    caughtBy: 'security/mounted-over.test.ts',
    title: 'is neither read nor written',
  },
  'the multiplexer of terminals may be anything': {
    file: `${INIT}/terminal.cc`,
    from: 'if (fstatfs(terminal.master.get(), &about) != 0 || about.f_type != DEVPTS_SUPER_MAGIC)',
    to: 'if (fstatfs(terminal.master.get(), &about) != 0)',
    caughtBy: 'security/mounted-over.test.ts',
    title: 'CVE-2025-52565',
  },
  'standard input is opened by a path in the container': {
    file: `${INIT}/child.cc`,
    from: '  if (setsid() < 0) child.fail(',
    to: '  close(0);\n  (void)!open("/dev/null", O_RDWR);\n  (void)!fchown(0, 0, 0);\n  if (setsid() < 0) child.fail(',
    caughtBy: 'security/mounted-over.test.ts',
    title: 'CVE-2026-88265',
  },
  'a working directory need not have a path': {
    file: `${INIT}/child.cc`,
    from: "if (size <= 0 || path[0] != '/') fail(",
    to: 'if (size <= 0) fail(',
    also: [
      { file: `${INIT}/main.cc`, from: '  close_from(kDriverFd + 1);', to: '' },
      { file: `${INIT}/launcher.cc`, from: '  close_from(kDriverFd + 1);', to: '' },
      { file: `${INIT}/child.cc`, from: '  close_from(static_cast<unsigned>(count + kept));', to: '' },
    ],
    caughtBy: 'linux/escape.test.ts',
    title: 'of a program whose own descriptors lead there neither',
  },
  'a failed execve is explained by asking again, under the filter': {
    file: `${INIT}/child.cc`,
    from: '  header.explain(error, report.detail, sizeof report.detail);',
    to: '  struct stat about;\n  if (stat(file, &about) == 0 && S_ISDIR(about.st_mode)) child.detail("directory");',
    caughtBy: 'linux/errors-command.test.ts',
    title: 'that is a directory, under a policy',
  },
  'capabilities are inheritable': {
    file: `${INIT}/confinement.cc`,
    from: 'wanted.data[half].permitted = static_cast<uint32_t>(permitted >> (32 * half));',
    to: 'wanted.data[half].permitted = wanted.data[half].inheritable = static_cast<uint32_t>(permitted >> (32 * half));',
    caughtBy: 'linux/inside-view.test.ts',
    title: 'policy build, user namespace true',
  },
  'supplementary groups come although a group was named': {
    file: `${INIT}/child.cc`,
    from: '  if (!numeric && !group) {',
    to: '  if (!numeric) {',
    caughtBy: 'linux/users.test.ts',
    title: 'the user of a process',
  },
  'a number is looked up as a name': {
    file: `${INIT}/child.cc`,
    from: 'const bool numeric = parse_id(name, id);',
    to: 'const bool numeric = parse_id(name, id) && false;',
    caughtBy: 'linux/users.test.ts',
    title: 'the user of a process',
  },
  'user databases of any size are read': {
    file: `${INIT}/account_file.cc`,
    from: 'if (about.st_size > kMaxFile) return EFBIG;',
    to: 'if (about.st_size > kMaxFile) return ENOENT;',
    caughtBy: 'linux/users.test.ts',
    title: '/etc/passwd and /etc/group as large',
  },
  '/proc/sys and its like can be written to': {
    file: PLAN,
    from: "    ...READONLY_PATHS.map((path): RootOperation => ({ op: 'readonly', path })),",
    to: '',
    caughtBy: 'security/kernel-surface.test.ts',
    title: 'policy build, user namespace false',
  },
  '/proc/pressure can be written to': {
    file: PLAN,
    from: "  '/proc/pressure',",
    to: '',
    caughtBy: 'security/kernel-surface.test.ts',
    title: 'policy build, user namespace true',
  },
  'AF_ALG is allowed': {
    file: 'containerv-policy/src/base/shared-groups.ts',
    from: '[SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].map((value) => [isInt(0, AF_UNIX), type(value)]),',
    to: '[SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].map((value) => [isInt(0, 38), type(value)]),',
    caughtBy: 'security/kernel-surface.test.ts',
    title: 'CVE-2026-31431: AF_ALG',
  },
  'the upper bits of an ioctl are compared as well': {
    file: 'containerv-policy/src/base/minimal.ts',
    from: 'args: [isNotInt(1, TIOCSTI), isNotInt(1, TIOCLINUX), isNotInt(1, TIOCSETD)],',
    to: "args: [{ index: 1, op: '!=', value: TIOCSTI }, isNotInt(1, TIOCLINUX), isNotInt(1, TIOCSETD)],",
    caughtBy: 'security/kernel-surface.test.ts',
    title: 'CVE-2017-5226',
  },
  'removing follows links': {
    file: REMOVAL,
    from: 'UniqueFd child(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));',
    to: 'UniqueFd child(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));',
    also: [
      {
        file: REMOVAL,
        from: 'if (entry->d_type != DT_DIR && (unlinkat(',
        to: 'if (entry->d_type != DT_DIR && entry->d_type != DT_LNK && (unlinkat(',
      },
      {
        file: REMOVAL,
        from: 'if (entry->d_type != DT_DIR && errno != EISDIR',
        to: 'if (entry->d_type != DT_DIR && entry->d_type != DT_LNK && errno != EISDIR',
      },
      {
        file: REMOVAL,
        from: 'if (errno != ENOTEMPTY && errno != EEXIST) fail(kStep, "unlinkat", path_);',
        to: 'if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) fail(kStep, "unlinkat", path_);',
      },
    ],
    caughtBy: 'security/removal.test.ts',
    title: 'by destroy()',
  },
  'what is moved up may take a name that is taken': {
    file: 'containerv-linux/native/common/move_up.h',
    from: 'if (syscall(SYS_renameat2, parent, name, top, to, RENAME_NOREPLACE) == 0) return true;',
    to: 'return renameat(parent, name, top, to) == 0;',
    caughtBy: 'security/removal.test.ts',
    title: 'however deep it nests, of a snapshot',
  },
  'the state directory is open to all': {
    file: 'containerv-linux/src/resources.ts',
    from: "batch.add({ op: 'mkdir', path: stateDirectory, mode: 0o700 });",
    to: "batch.add({ op: 'mkdir', path: stateDirectory, mode: 0o755 });",
    caughtBy: 'security/sockets.test.ts',
    title: 'the control socket and what lies beside it',
  },
  'what somebody else keeps is believed': {
    file: 'containerv-linux/src/state/directories.ts',
    from: 'const ours = found.isDirectory() && belongs && (found.mode & 0o022) === 0;',
    to: 'const ours = found.isDirectory();',
    caughtBy: 'security/forged-state.test.ts',
    title: 'nothing in it is believed',
  },
  'the control socket has an abstract address': {
    file: 'containerv-linux/native/addon/control_socket.cc',
    from: '  if (bind(listener.get(), as_address(place), sizeof place.address) != 0)',
    to: '  sockaddr_un abstract = place.address;\n  snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "%p", static_cast<const void*>(&place));\n  abstract.sun_path[0] = 0;\n  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&abstract), sizeof abstract) != 0)',
    caughtBy: 'security/sockets.test.ts',
    title: 'CVE-2020-15257: nothing of ours',
  },
  'a snapshot follows links': {
    file: `${INIT}/tree_copy.cc`,
    from: 'UniqueFd source(openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));',
    to: 'UniqueFd source(openat(from, name, O_PATH | O_CLOEXEC));',
    also: [
      {
        file: `${INIT}/tree_walk.h`,
        from: 'openat(directory, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)',
        to: 'openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)',
      },
    ],
    caughtBy: 'linux/snapshot.test.ts',
    title: 'leads nowhere while',
  },
  'who copies keeps its rights': {
    file: `${INIT}/transfer_agent.cc`,
    from: 'return limit_bounding_set(kCapabilities) == 0 && set_capabilities(kCapabilities) == 0 && load_transfer_filter() == 0;',
    to: 'return load_transfer_filter() == 0;',
    caughtBy: 'linux/transfers-hostile.test.ts',
    title: 'who copies has no more rights',
  },
  'descriptors are passed on': {
    file: `${INIT}/child.cc`,
    from: '  close_from(static_cast<unsigned>(count + kept));',
    to: '  for (int fd = count + kept; fd < 64; ++fd) fcntl(fd, F_SETFD, 0);',
    caughtBy: 'linux/descriptors.test.ts',
    title: 'passes none on to processes',
  },
  'mounts that are to be read-only are not': {
    file: 'containerv-linux/src/plan/user-mounts.ts',
    from: "mount.readonly ? (['readonly'] as const) : ([] as const)",
    to: '[] as const',
    caughtBy: 'security/mount-sources.test.ts',
    title: 'a source that is a directory now',
  },
  'options are looked for behind the command': {
    file: 'containerv/src/cli/parse-line.ts',
    from: "find(({ kind }) => kind !== 'option')",
    to: "find(({ kind, index }) => kind !== 'option' && index > args.length)",
    caughtBy: 'security/option-like.test.ts',
    title: 'behind the command',
  },
  'an empty list of network rules is none': {
    file: 'containerv-linux/src/network/own-rules.ts',
    from: 'if (policy === undefined && egress === undefined && unreachable.length === 0) return undefined;',
    to: 'if ((policy ?? []).length === 0 && egress === undefined && unreachable.length === 0) return undefined;',
    caughtBy: 'linux/network-rules.test.ts',
    title: 'an empty list permits nothing',
  },
  'no filter for devices': {
    file: 'containerv-linux/src/devices/device-filter.ts',
    from: 'return uid === 0 ? deviceRules(devices) : undefined;',
    to: 'return uid < 0 ? deviceRules(devices) : undefined;',
    caughtBy: 'linux/devices.test.ts',
    title: 'a node from elsewhere opens only what the container has',
  },
  'a published port is that of every address': {
    file: 'containerv-linux/src/network/port-rules.ts',
    from: '...(given === undefined || unspecified ? destinationIsLocal() :',
    to: '...(given === undefined || unspecified ? [] :',
    caughtBy: 'linux/network-private.test.ts',
    title: 'a published port leads nobody elsewhere',
  },
  'calls of another architecture are looked up as if they were ours': {
    file: 'containerv-policy/src/seccomp/compile.ts',
    from: 'auditArch[arch], before(program, number), program.answer(KILL));',
    to: 'auditArch[arch], before(program, number), before(program, number));',
    caughtBy: 'security/kernel-surface.test.ts',
    title: 'CVE-2026-31431: sockets by the 32-bit door',
  },
  'ids may be as large as they fit': {
    file: 'containerv-api/src/options/id-maps.ts',
    from: 'export const MAX_ID: number = 2 ** 31 - 1;',
    to: 'export const MAX_ID: number = 2 ** 33 - 1;',
    caughtBy: 'linux/users.test.ts',
    title: 'is refused before anything happens',
  },
  'a number ends where it is none': {
    file: `${INIT}/account_file.cc`,
    from: "    if (*text < '0' || *text > '9') return false;",
    to: "    if (*text < '0' || *text > '9') break;",
    caughtBy: 'linux/users.test.ts',
    title: 'is not found',
  },
  'mounts may be moved': {
    file: 'containerv-policy/src/base/minimal.ts',
    from: "        'map_shadow_stack',",
    to: "        'map_shadow_stack',\n        'move_mount',",
    caughtBy: 'security/kernel-surface.test.ts',
    title: 'CVE-2021-41133: moved mounts',
  },
  'a judged connection is left to its caller': {
    file: `${INIT}/socket_call.cc`,
    from: '  return of(connect(socket_.get(), &address_.any, address_.size));',
    to: '  return 0;',
    also: [
      {
        file: `${INIT}/socket_broker.cc`,
        from: '  response.answer.val = result < 0 ? 0 : result;',
        to: '  response.answer.flags = result == 0 ? 1 : 0;',
      },
    ],
    caughtBy: 'linux/local-sockets.test.ts',
    title: 'hold when the address',
  },
  'who makes calls for others stays root': {
    file: `${INIT}/socket_broker.cc`,
    from: '    if (error == 0) error = task.become(SocketCall::kSpare);',
    to: '',
    caughtBy: 'linux/local-sockets.test.ts',
    title: 'nobody gets rights by them',
  },
  'calls wait on without their callers': {
    file: `${INIT}/socket_broker.cc`,
    from: '    if (give_up) kill(each->child, kGiveUp);',
    to: '    static_cast<void>(give_up);',
    caughtBy: 'linux/local-sockets.test.ts',
    title: 'nobody waits for those who wait',
  },
  'pairs of datagram sockets are not sockets': {
    file: 'containerv-policy/src/network/unix-refusal.ts',
    from: "const refused = [{ names: ['socket'], args: [isUnix] }, freeUnixPairs];",
    to: "const refused = [{ names: ['socket'], args: [isUnix] }];",
    caughtBy: 'linux/network-rules.test.ts',
    title: 'nor are the ends of pairs',
  },
};
