#include "start_init.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../common/protocol.h"
#include "clone_vfork.h"
#include "control_socket.h"
#include "descriptor_io.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "start init";
// Above every descriptor that init is given, so that dup2 in the child never overwrites a source.
constexpr int kParkedFrom = 64;

constexpr size_t kMaxGroups = 16;

struct ChildArguments {
  int null, owner, listener, lock, executable;
  bool keep_capabilities;
  int groups[kMaxGroups];
  size_t group_count;
  const char* failed_step;
  const char* failed_syscall;
  int error;
};

// In a new user namespace our id is not mapped yet, and execve would drop every capability of a
// process that is not root: ambient ones are kept (capabilities(7)).
int keep_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return -1;
  for (auto& half : data) half.inheritable = half.permitted;
  if (syscall(SYS_capset, &header, data) != 0) return -1;
  for (unsigned cap = 0; cap < 64; ++cap) {
    if (!(data[cap / 32].permitted >> (cap % 32) & 1)) continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) != 0) return -1;
  }
  return 0;
}

// Runs on the parent's memory: system calls only.
int run_child(void* argument) {
  auto& child = *static_cast<ChildArguments*>(argument);
  const auto failed = [&child](const char* syscall_name, const char* step = kStep) {
    child.failed_step = step;
    child.failed_syscall = syscall_name;
    child.error = errno;
    return 127;
  };
  // A thread that moves itself needs no lock over all of them; moving a process from outside waits for an RCU grace
  // period, several milliseconds (cgroup_procs_write_start in kernel/cgroup/cgroup.c).
  for (size_t i = 0; i < child.group_count; ++i)
    if (write(child.groups[i], "0", 1) != 1) return failed("write", "enter cgroup");
  const struct {
    int from, to;
  } passed[] = {{child.null, 0},
                {child.null, 1},
                {child.null, 2},
                {child.owner, protocol::kOwnerFd},
                {child.listener, protocol::kListenerFd},
                {child.lock, protocol::kLockFd}};
  for (const auto& pair : passed)
    if (dup2(pair.from, pair.to) < 0) return failed("dup2");
  if (setsid() < 0) return failed("setsid");
  if (child.keep_capabilities && keep_capabilities() != 0) return failed("prctl(PR_CAP_AMBIENT)");
  static char name[] = "containerv-init";
  char* argv[] = {name, nullptr};
  char* envp[] = {nullptr};
  // By descriptor: a path could name something else by now (CVE-2019-5736).
  syscall(SYS_execveat, child.executable, "", argv, envp, AT_EMPTY_PATH);
  return failed("execveat");
}

UniqueFd park(int fd) {
  UniqueFd parked(fcntl(fd, F_DUPFD_CLOEXEC, kParkedFrom));
  if (!parked) fail(kStep, "fcntl(F_DUPFD_CLOEXEC)");
  return parked;
}

void write_file(const char* step, const std::string& path, const std::string& text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) fail(step, "open", path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(step, "write", path);
}

// Kills and reaps what was started unless told that all went well.
class Started {
 public:
  explicit Started(pid_t pid) : pid_(pid) {}
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
  void release() { pid_ = -1; }

 private:
  pid_t pid_;
};

void map_ids(pid_t pid, const StartRequest& request) {
  const std::string process = "/proc/" + std::to_string(pid);
  // Before gid_map: an unprivileged mapping of groups is only allowed without setgroups (user_namespaces(7)).
  if (request.deny_setgroups) write_file("map user ids", process + "/setgroups", "deny");
  write_file("map user ids", process + "/uid_map", request.uid_map);
  write_file("map group ids", process + "/gid_map", request.gid_map);
}

}  // namespace

namespace {

void start(const StartRequest& request, int lock, int cgroup, StartedInit& result) {
  UniqueFd listener = listen_control_socket(request.state_directory);
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail(kStep, "socketpair");
  UniqueFd ours(pair[0]), theirs(pair[1]);
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) fail(kStep, "open", "/dev/null");
  const UniqueFd parked[] = {park(null.get()), park(theirs.get()), park(listener.get()), park(lock),
                             park(request.executable)};
  ChildArguments child{parked[0].get(), parked[1].get(), parked[2].get(), parked[3].get(), parked[4].get(),
                       !request.uid_map.empty(), {}, 0, nullptr, nullptr, 0};
  std::vector<UniqueFd> groups;
  for (const auto& [path, step] : request.cgroup_tasks) {
    if (step >= 0 && !result.steps[static_cast<size_t>(step)].done) continue;
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || groups.size() == kMaxGroups) fail("enter cgroup", "open", path);
    groups.push_back(park(file.get()));
    child.groups[child.group_count++] = groups.back().get();
  }
  CloneResult cloned = clone_vfork({request.namespaces, cgroup, run_child, &child});
  Started started(cloned.pid);
  if (child.failed_syscall) {
    errno = child.error;
    fail(child.failed_step, child.failed_syscall);
  }
  theirs.reset();
  if (!request.uid_map.empty()) map_ids(cloned.pid, request);
  const std::string pid = std::to_string(cloned.pid);
  if (!request.oom_score_adj.empty())
    write_file("set oom_score_adj", "/proc/" + pid + "/oom_score_adj", request.oom_score_adj);
  if (cgroup >= 0 && !cloned.in_cgroup) {
    UniqueFd procs(openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC));
    if (!procs || write(procs.get(), pid.data(), pid.size()) < 0) fail("enter cgroup", "write", "cgroup.procs");
  }
  send_whole(ours.get(), request.plan, kStep);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) fail(kStep, "fcntl");
  started.release();
  result.pid = cloned.pid;
  result.pidfd = std::move(cloned.pidfd);
  result.socket = std::move(ours);
}

}  // namespace

StartedInit start_init(const StartRequest& request) {
  StartedInit result;
  result.steps = run_file_steps(request.steps);
  for (size_t i = 0; i < request.steps.size(); ++i)
    if (!result.steps[i].done && !request.steps[i].optional) return result;
  const auto step_fd = [&result](int step, int given) {
    return step < 0 ? given : result.steps[static_cast<size_t>(step)].fd;
  };
  try {
    start(request, step_fd(request.lock_step, request.lock), step_fd(request.cgroup_step, request.cgroup), result);
  } catch (const SysError& error) {
    result.failed = true;
    result.failure = error;
  }
  return result;
}

}  // namespace containerv
