#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/unique_fd.h"
#include "rooted_path.h"

namespace containerv {
namespace {

constexpr char kStep[] = "probe confinement";
alignas(16) char stack[16 * 1024];

}  // namespace

int Probe::run(void* argument) {
  auto& probe = *static_cast<Probe*>(argument);
  const auto failed = [&probe](const char* syscall_name, int result) {
    probe.failed_ = syscall_name;
    probe.error_ = -result;
    return 1;
  };
  const auto& [capabilities, filter, ruleset] = *probe.confinement_;
  if (const int result = set_capabilities(capabilities)) return failed("capset", result);
  if (const int result = load_filter(filter)) return failed("seccomp", result);
  return 0;
}

Probe::~Probe() {
  if (pid_ > 0) waitpid(pid_, nullptr, __WALL);
}

bool Probe::start(const Confinement& confinement, Failure& failure) {
  confinement_ = &confinement;
  // Credentials, no_new_privs and filters belong to the task; memory is shared, descriptors are not.
  pid_ = clone(run, stack + sizeof stack, CLONE_VM, this);
  return pid_ > 0 || failure.set(kStep, "clone");
}

bool Probe::finish(int proc, char* text, size_t size, Failure& failure) {
  siginfo_t ended;
  while (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT | __WALL) != 0) {
    if (errno != EINTR) return failure.set(kStep, "waitid");
  }
  if (failed_) return failure.set(error_, kStep, failed_);
  // It never gets there when it is killed, and what it is then says nothing of what the kernel enforces.
  if (ended.si_code != CLD_EXITED) return failure.set(EINTR, kStep, "clone");
  char path[32];
  snprintf(path, sizeof path, "%d/status", pid_);
  UniqueFd file = open_in_root(proc, path, O_RDONLY, Links::kRefuse);
  const ssize_t got = file ? read(file.get(), text, size - 1) : -1;
  if (got <= 0) return failure.set(kStep, "read", "/proc/PID/status");
  text[got] = 0;
  waitpid(pid_, nullptr, __WALL);
  pid_ = -1;
  return true;
}

}  // namespace containerv
