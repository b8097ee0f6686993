#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/kernel.h"
#include "../common/protocol.h"
#include "account_file.h"
#include "descriptors.h"
#include "failure.h"
#include "landlock.h"
#include "observed_filter.h"
#include "own_policy.h"
#include "program_header.h"

namespace containerv {
namespace {

using namespace protocol;

constexpr int kMaxGroups = 256;
constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class Child {
 public:
  explicit Child(ChildReport& report) : report_(report) {}

  // exit_group directly: a filter lets it pass, and nothing of process 1's is to be flushed or destroyed.
  [[noreturn]] void fail(ChildStep step, const char* syscall_name, int error, const char* path = "") {
    report_.syscall = syscall_name;
    report_.error = error;
    snprintf(report_.path, sizeof report_.path, "%s", path);
    report_.step = step;
    leave();
  }

  [[noreturn]] static void leave() {
    for (;;) syscall(SYS_exit_group, 127);
  }

  void detail(const char* text) { snprintf(report_.detail, sizeof report_.detail, "%s", text); }

  void take_stdio(std::span<int> stdio, ChildPipes& pipes);
  void lead_session(const ChildPipes& pipes);
  void end_with_leader();
  [[noreturn]] static void follow(pid_t command, const ChildPipes& pipes);
  UniqueFd make_own_ruleset(std::span<const uint8_t> description);
  void confine_files(int ruleset, int own);
  void take_terminal();
  void limit_resources(const SpawnRequest& request);
  void choose_processors(std::span<const uint8_t> mask);
  void become(const UserSpec& user, const Confinement& confinement, uint64_t bounding_set, bool tty);
  void enter(const char* cwd);
  const char* find(const char* file, char** environment);

 private:
  struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    gid_t groups[kMaxGroups];
    int group_count = 0;
  };
  void resolve(const UserSpec& user, Identity& identity);
  void resolve_name(const UserSpec& user, Identity& identity);

  ChildReport& report_;
  pid_t leader_ = -1;
  char candidate_[PATH_MAX];
};

void Child::take_stdio(std::span<int> stdio, ChildPipes& pipes) {
  const int count = static_cast<int>(stdio.size());
  const int kept = 1 + (pipes.ruleset < 0 ? 0 : 1) + (pipes.stops < 0 ? 0 : 1) + (pipes.broker < 0 ? 0 : 1);
  // None may lie where another is to go.
  const auto move_away = [&](int& fd) {
    if (fd >= 0 && fd < count + kept && (fd = fcntl(fd, F_DUPFD_CLOEXEC, count + kept)) < 0)
      fail(ChildStep::kStdio, "fcntl(F_DUPFD)", errno);
  };
  for (int& fd : stdio) move_away(fd);
  for (int* fd : {&pipes.alive, &pipes.ruleset, &pipes.stops, &pipes.broker}) move_away(*fd);
  for (int i = 0; i < count; ++i) {
    const int fd = stdio[static_cast<size_t>(i)];
    if (fd < 0)
      close(i);
    else if (dup2(fd, i) < 0)
      fail(ChildStep::kStdio, "dup2", errno);
  }
  int place = count;
  for (int* fd : {&pipes.alive, &pipes.ruleset, &pipes.stops, &pipes.broker}) {
    if (*fd < 0) continue;
    if (dup3(*fd, place, O_CLOEXEC) < 0) fail(ChildStep::kStdio, "dup3", errno);
    *fd = place++;
  }
  close_from(static_cast<unsigned>(count + kept));
}

// The kernel discards the stop signals of a terminal for a process group that nobody of its session
// looks after (setpgid(2), "orphaned"). So the session gets a leader of ours that does: it tells of
// stops, and ends as the command ended. Returns in the command.
void Child::lead_session(const ChildPipes& pipes) {
  const pid_t leader = getpid();
  const pid_t command = fork();
  if (command < 0) fail(ChildStep::kTerminal, "fork", errno);
  if (command == 0) {
    report_.command = getpid();
    leader_ = leader;
    // A group of its own, in the foreground.
    if (setpgid(0, 0) != 0) fail(ChildStep::kTerminal, "setpgid", errno);
    const pid_t group = getpid();
    if (ioctl(0, TIOCSPGRP, &group) != 0) fail(ChildStep::kTerminal, "ioctl(TIOCSPGRP)", errno);
    return;
  }
  follow(command, pipes);
}

// Whoever kills the leader ends the command. After become(): a change of ids would clear it.
void Child::end_with_leader() {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != leader_) leave();
}

void Child::follow(pid_t command, const ChildPipes& pipes) {
  // It is of our program's memory and keeps it from sight, but needs no power over anything.
  set_capabilities(0);
  prctl(PR_SET_NAME, "containerv-job", 0, 0, 0);
  const int stops = pipes.stops;
  for (int fd = 0; fd < stops; ++fd) close(fd);
  for (;;) {
    int status;
    if (waitpid(command, &status, WUNTRACED) != command) leave();
    if (WIFSTOPPED(status)) {
      const auto number = static_cast<uint8_t>(WSTOPSIG(status));
      if (write(stops, &number, 1) != 1) leave();
      continue;
    }
    if (WIFSIGNALED(status)) {
      const int number = WTERMSIG(status);
      const rlimit none{0, 0};
      setrlimit(RLIMIT_CORE, &none);
      signal(number, SIG_DFL);
      sigset_t one;
      sigemptyset(&one);
      sigaddset(&one, number);
      kill(getpid(), number);
      sigprocmask(SIG_UNBLOCK, &one, nullptr);
    }
    for (;;) syscall(SYS_exit_group, WEXITSTATUS(status));
  }
}

UniqueFd Child::make_own_ruleset(std::span<const uint8_t> description) {
  UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  Failure failure;
  UniqueFd made = make_ruleset(description, root.get(), report_.missed, failure);
  if (failure.error != 0) fail(ChildStep::kRuleset, failure.syscall, failure.error, failure.path);
  return made;
}

// Two layers, each of which can only take away: the container's, then that of the process.
void Child::confine_files(int ruleset, int own) {
  for (const int layer : {ruleset, own}) {
    if (layer < 0) continue;
    const int restricted = restrict_self(layer);
    if (restricted < 0) fail(ChildStep::kRuleset, "landlock_restrict_self", -restricted);
  }
}

void Child::take_terminal() {
  if (ioctl(0, TIOCSCTTY, 0) != 0) fail(ChildStep::kTerminal, "ioctl(TIOCSCTTY)", errno);
}

void Child::limit_resources(const SpawnRequest& request) {
  for (uint32_t i = 0; i < request.limit_count; ++i) {
    const auto& limit = request.limits[i];
    const rlimit64 value{limit.soft, limit.hard};
    if (syscall(SYS_prlimit64, 0, limit.resource, &value, nullptr) != 0)
      fail(ChildStep::kResourceLimit, "prlimit", errno);
  }
}

// The kernel leaves out, without a word, what the cpuset does not have (sched_setaffinity(2)): that is not what was asked for.
void Child::choose_processors(std::span<const uint8_t> mask) {
  if (mask.empty()) return;
  alignas(uint64_t) uint8_t chosen[SpawnDefaults::kMaxProcessorBytes] = {};
  memcpy(chosen, mask.data(), mask.size());
  if (syscall(SYS_sched_setaffinity, 0, mask.size(), chosen) != 0)
    fail(ChildStep::kProcessors, "sched_setaffinity", errno);
  alignas(uint64_t) uint8_t held[SpawnDefaults::kMaxProcessorBytes] = {};
  if (syscall(SYS_sched_getaffinity, 0, sizeof held, held) < 0)
    fail(ChildStep::kProcessors, "sched_getaffinity", errno);
  if (memcmp(chosen, held, sizeof held) != 0) fail(ChildStep::kProcessors, "sched_setaffinity", EINVAL);
}

void Child::resolve_name(const UserSpec& user, Identity& identity) {
  char name[256];
  if (snprintf(name, sizeof name, "%s", user.name) >= static_cast<int>(sizeof name))
    fail(ChildStep::kUser, "read", ENAMETOOLONG, user.name);
  char* group = strchr(name, ':');
  if (group) *group++ = 0;
  Account account;
  // A number is that id, whatever a hostile passwd calls itself (CVE-2016-3697).
  uint32_t id;
  const bool numeric = parse_id(name, id);
  const int error = numeric ? find_user(static_cast<uid_t>(id), account) : find_user(name, account);
  if (error != 0 && !(numeric && !group && error == ENOENT) && !(numeric && group)) {
    detail("user");
    fail(ChildStep::kUser, "read", error, user.name);
  }
  if (numeric) account.uid = id;
  identity.uid = account.uid;
  identity.gid = account.gid;
  if (group) {
    if (!parse_id(group, id)) {
      gid_t gid;
      const int failed = find_group(group, gid);
      if (failed != 0) {
        detail("group");
        fail(ChildStep::kUser, "read", failed, user.name);
      }
      id = gid;
    }
    identity.gid = id;
  }
  if (!numeric && !group) {
    identity.group_count = find_memberships(name, identity.groups, kMaxGroups);
    if (identity.group_count < 0) identity.group_count = 0;
  }
}

void Child::resolve(const UserSpec& user, Identity& identity) {
  if (user.kind == kUserName) resolve_name(user, identity);
  if (user.kind != kUserIds) return;
  identity.uid = user.uid;
  identity.gid = user.gid;
  const size_t count = user.groups.size() / sizeof(gid_t);
  if (count > kMaxGroups) fail(ChildStep::kUser, "setgroups", EINVAL);
  memcpy(identity.groups, user.groups.data(), count * sizeof(gid_t));
  identity.group_count = static_cast<int>(count);
}

void Child::become(const UserSpec& user, const Confinement& confinement, uint64_t bounding_set, bool tty) {
  Identity identity;
  resolve(user, identity);
  // As grantpt(3) does: the terminal belongs to who uses it.
  if (tty && fchown(0, identity.uid, static_cast<gid_t>(-1)) != 0) fail(ChildStep::kTerminal, "fchown", errno);
  const int limited = limit_bounding_set(confinement.capabilities, bounding_set);
  if (limited < 0) fail(ChildStep::kCapabilities, "prctl(PR_CAPBSET_DROP)", -limited);
  // By system call: the C library's wrappers signal threads, of which there are none.
  // EPERM with no group asked for: a user namespace whose owner may not set groups, where none can be held either.
  if (syscall(SYS_setgroups, static_cast<size_t>(identity.group_count), identity.groups) != 0 &&
      !(errno == EPERM && identity.group_count == 0))
    fail(ChildStep::kUser, "setgroups", errno, user.name);
  if (syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0)
    fail(ChildStep::kUser, "setresgid", errno, user.name);
  if (syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0)
    fail(ChildStep::kUser, "setresuid", errno, user.name);
  const int set = set_capabilities(identity.uid == 0 ? confinement.capabilities : 0);
  if (set < 0) fail(ChildStep::kCapabilities, "capset", -set);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(ChildStep::kCapabilities, "prctl(PR_SET_NO_NEW_PRIVS)", errno);
}

void Child::enter(const char* cwd) {
  if (chdir(cwd) != 0) fail(ChildStep::kWorkingDirectory, "chdir", errno, cwd);
  // A directory outside the root, reached through a leaked descriptor, has no path (CVE-2024-21626).
  char path[PATH_MAX];
  const long size = syscall(SYS_getcwd, path, sizeof path);
  if (size <= 0 || path[0] != '/') fail(ChildStep::kWorkingDirectory, "getcwd", size <= 0 ? errno : EXDEV, cwd);
}

const char* Child::find(const char* file, char** environment) {
  if (strchr(file, '/')) return file;
  const char* path = kDefaultPath;
  for (char** entry = environment; *entry; ++entry)
    if (strncmp(*entry, "PATH=", 5) == 0) path = *entry + 5;
  int error = ENOENT;
  char refused[sizeof candidate_] = "";
  for (;;) {
    const size_t size = strcspn(path, ":");
    // An empty element means the working directory (execvp(3)); here it means nothing.
    if (size > 0 && snprintf(candidate_, sizeof candidate_, "%.*s/%s", static_cast<int>(size), path, file) <
                        static_cast<int>(sizeof candidate_)) {
      struct stat about;
      if (stat(candidate_, &about) == 0 && S_ISREG(about.st_mode)) {
        if (faccessat(AT_FDCWD, candidate_, X_OK, 0) == 0) return candidate_;
        error = EACCES;
        // The first one found is who is told about, as it is who would have run.
        if (!refused[0]) snprintf(refused, sizeof refused, "%s", candidate_);
      }
    }
    if (path[size] == 0) fail(ChildStep::kFindCommand, "execve", error, refused[0] ? refused : file);
    path += size + 1;
  }
}

}  // namespace

void run_child(const SpawnRequest& request, const Confinement& confinement, uint64_t bounding_set, std::span<int> stdio,
               ChildPipes pipes, FilePrograms programs, const SocketBroker& broker, ChildReport& report) {
  Child child(report);
  const bool tty = request.flags & kTty;
  const bool own_policy = request.own_policy != 0;
  const char* call = "";
  // First, while the map is open. What is forked from here on has it, too.
  const int joined = own_policy ? join_own_policy(programs.policies, request.own_policy, call) : 0;
  if (joined != 0) child.fail(ChildStep::kRuleset, call, joined);
  child.take_stdio(stdio, pipes);
  if (setsid() < 0) child.fail(ChildStep::kTerminal, "setsid", errno);
  if (tty) child.take_terminal();
  if (pipes.stops >= 0) child.lead_session(pipes);
  // Before it has the limits, and is the user, of a process that may open next to nothing.
  const UniqueFd own = request.own_confinement ? child.make_own_ruleset(confinement.ruleset) : UniqueFd();
  child.limit_resources(request);
  child.choose_processors(request.processors);
  umask(022);
  child.become(request.user, confinement, bounding_set, tty);
  if (pipes.stops >= 0) child.end_with_leader();
  child.enter(request.cwd);
  const char* file = child.find(request.file, request.environment);
  // Looked at while it can be: after the filter, nothing but execve and exit_group is sure not to kill.
  ProgramHeader header;
  header.read_from(file);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  child.confine_files(pipes.ruleset, own.get());
  if (pipes.broker >= 0) {
    const int joined_broker = broker.join(pipes.broker, own.get(), request.own_policy);
    if (joined_broker < 0) child.fail(ChildStep::kFilter, "seccomp", -joined_broker);
  }
  const int observer = static_cast<int>(stdio.size()) - 1;
  if (request.observer_pass && fcntl(observer, F_SETFD, FD_CLOEXEC) != 0) child.fail(ChildStep::kStdio, "fcntl", errno);
  const int loaded = request.observer_pass ? load_observed_filter(confinement.filter, request.observer_pass, observer)
                                           : load_filter(confinement.filter);
  if (loaded < 0) child.fail(ChildStep::kFilter, "seccomp", -loaded);
  execve(file, request.arguments, request.environment);
  const int error = errno;
  if (error == EACCES && (pipes.ruleset >= 0 || own || programs.judging || own_policy)) child.detail("file rules");
  header.explain(error, report.detail, sizeof report.detail);
  child.fail(ChildStep::kExecute, "execve", error, file);
}

const char* step_name(ChildStep step) {
  switch (step) {
    case ChildStep::kStdio: return "pass stdio";
    case ChildStep::kTerminal: return "open terminal";
    case ChildStep::kResourceLimit: return "set resource limit";
    case ChildStep::kProcessors: return "set processors";
    case ChildStep::kCapabilities: return "limit capabilities";
    case ChildStep::kUser: return "become user";
    case ChildStep::kWorkingDirectory: return "enter working directory";
    case ChildStep::kFindCommand: return "find command";
    case ChildStep::kRuleset: return "apply file rules";
    case ChildStep::kFilter: return "load seccomp filter";
    case ChildStep::kExecute: return "execute command";
    case ChildStep::kNone: break;
  }
  return "start process";
}

}  // namespace containerv
