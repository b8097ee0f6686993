#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/unique_fd.h"
#include "rooted_path.h"

namespace containerv {
namespace {

constexpr char kStep[] = "probe confinement";

}  // namespace

Probe::~Probe() {
  if (pid_ > 0) waitpid(pid_, nullptr, __WALL);
}

bool Probe::start(const Confinement& confinement, Failure& failure) {
  // On our memory: credentials and filters belong to the task alone, and a page table need not be copied.
  pid_ = vfork();
  if (pid_ == 0) run_probe(confinement, report_);
  return pid_ > 0 || failure.set(kStep, "vfork");
}

bool Probe::finish(int proc, char* text, size_t size, Failure& failure) {
  siginfo_t ended;
  while (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  if (report_.step != ChildStep::kNone) {
    return failure.set(report_.error, step_name(report_.step), report_.syscall, report_.path);
  }
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
