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
#include "namespaces.h"

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
  int error = 0;
  UniqueFd pidfd;  // empty before Linux 5.2
};

// Before Linux 5.7, which lets a clone be born in a group. It waits for its plan, so there is nobody else yet.
int enter_group(int cgroup, pid_t pid) {
  char text[16];
  const auto size = static_cast<size_t>(snprintf(text, sizeof text, "%d", pid));
  const UniqueFd file(openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  const ssize_t written = write(file.get(), text, size);
  if (written < 0) return errno;
  return written == static_cast<ssize_t>(size) ? 0 : EIO;
}

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
  bool inside = pid >= 0;
  // 5.3 to 5.6 have clone3 without CLONE_INTO_CGROUP.
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
  result.error = pid < 0 ? errno : 0;
  inside |= cgroup < 0;
  if (pid > 0 && !inside) result.error = enter_group(cgroup, result.pid);
  result.pidfd.reset(pidfd);
  return result;
}

void answer(int control, const Cloned& cloned) {
  WireWriter launched(kLaunched, 0);
  launched.u32(static_cast<uint32_t>(cloned.pid));
  launched.u32(static_cast<uint32_t>(cloned.error));
  send_message(control, launched.message(), {cloned.pidfd.get()});
}

// The clone keeps nothing but its control socket, at the number it is known by.
Launch settle(UniqueFd& launcher, int control, uint64_t namespaces) {
  // Takes the place of the launcher's own socket, which has this number.
  static_cast<void>(launcher.release());
  Launch launched;
  launched.owner.reset(dup3(control, kDriverFd, O_CLOEXEC));
  close_from(kDriverFd + 1);  // whatever the launcher holds, and has objects for: we never return to those
  setsid();
  // The plan is still being made.
  if (namespaces & CLONE_NEWNET) raise_loopback(launched.loopback);
  return launched;
}

}  // namespace

Launch launch(UniqueFd driver) {
  Message message;
  for (;;) {
    if (message.receive(driver.get()) != Message::Result::kMessage || message.type() != kLaunch) _exit(0);
    WireReader reader(message.body());
    const uint64_t namespaces = reader.u64() & kNamespaces;
    const auto descriptors = message.descriptors();
    if (!reader.finished() || descriptors.empty()) _exit(1);
    const int control = descriptors[0].get();
    const Cloned cloned = clone_init(namespaces, descriptors.size() > 1 ? descriptors[1].get() : -1);
    if (cloned.pid == 0) return settle(driver, control, namespaces);
    answer(control, cloned);
    message.release();
  }
}

}  // namespace containerv
