#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/kernel.h"
#include "../common/protocol.h"
#include "client.h"
#include "descriptors.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

namespace containerv {
namespace {

using namespace protocol;

constexpr uint64_t kCloneIntoCgroup = 0x200000000ULL;
constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// struct clone_args of linux/sched.h, which older headers lack.
struct alignas(8) CloneArgs {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

struct Cloned {
  pid_t pid = -1;
  UniqueFd pidfd;  // empty before Linux 5.2
};

// The driver is the parent, as if it had cloned: it is who waits (CLONE_PARENT). Without an exit
// signal: nobody is told but who waits with __WALL.
Cloned clone_init(uint64_t namespaces, int cgroup) {
  Cloned result;
  int pidfd = -1;
  CloneArgs args{};
  args.flags = namespaces | CLONE_PARENT | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  if (cgroup >= 0) {
    args.flags |= kCloneIntoCgroup;
    args.cgroup = static_cast<uint64_t>(cgroup);
  }
  long pid = syscall(SYS_clone3, &args, sizeof args);
  // 5.3 to 5.6 have clone3 without CLONE_INTO_CGROUP; the clone then enters by cgroup.procs.
  if (pid < 0 && cgroup >= 0 && (errno == E2BIG || errno == EINVAL)) {
    args.flags &= ~kCloneIntoCgroup;
    args.cgroup = 0;
    pid = syscall(SYS_clone3, &args, sizeof args);
  }
  if (pid < 0 && errno == ENOSYS) {
    // Before 5.3. CLONE_PIDFD is ignored before 5.2, which leaves the descriptor untouched.
    pid = syscall(SYS_clone, namespaces | CLONE_PARENT | CLONE_PIDFD, 0, &pidfd, 0, 0);
  }
  result.pid = static_cast<pid_t>(pid);
  result.pidfd.reset(pidfd);
  return result;
}

void answer(int driver, const Cloned& cloned, int error) {
  WireWriter launched(kLaunched, 0);
  launched.u32(static_cast<uint32_t>(cloned.pid));
  launched.u32(static_cast<uint32_t>(error));
  send_message(driver, launched.message(), cloned.pidfd.get());
}

}  // namespace

UniqueFd launch(UniqueFd driver) {
  static Message message;
  for (;;) {
    if (message.receive(driver.get()) != Message::Result::kMessage || message.type() != kLaunch) _exit(0);
    WireReader reader(message.body());
    const uint64_t namespaces = reader.u64() & kNamespaces;
    auto fds = message.descriptors();
    if (!reader.finished() || fds.empty()) _exit(1);
    const Cloned cloned = clone_init(namespaces, fds.size() > 1 ? fds[1].get() : -1);
    if (cloned.pid == 0) break;
    answer(driver.get(), cloned, cloned.pid < 0 ? errno : 0);
    message.release();
  }
  // Takes the place of the launcher's own socket, which has this number.
  static_cast<void>(driver.release());
  UniqueFd owner(dup3(message.descriptors()[0].get(), kDriverFd, O_CLOEXEC));
  message.release();
  close_from(kDriverFd + 1);
  setsid();
  return owner;
}

}  // namespace containerv
