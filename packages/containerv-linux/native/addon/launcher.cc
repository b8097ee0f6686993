#include "launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstring>
#include <mutex>

#include "../common/protocol.h"
#include "clone_vfork.h"
#include "descriptor_io.h"
#include "sys_error.h"

namespace containerv {
namespace {

using namespace protocol;

constexpr char kStep[] = "start launcher";
// Above the numbers that the launcher is given, so that dup2 never overwrites a source.
constexpr int kParkedFrom = 64;

struct Child {
  int null, driver, executable;
  const char* failed_syscall;
  int error;
};

// Runs on our memory: system calls only.
int run_child(void* argument) {
  auto& child = *static_cast<Child*>(argument);
  const auto failed = [&child](const char* syscall_name) {
    child.failed_syscall = syscall_name;
    child.error = errno;
    return 127;
  };
  for (int fd = 0; fd <= 2; ++fd)
    if (dup2(child.null, fd) < 0) return failed("dup2");
  if (dup2(child.driver, kDriverFd) < 0) return failed("dup2");
  // A signal from our terminal is not for containers.
  if (setsid() < 0) return failed("setsid");
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

class Launcher {
 public:
  Launched launch(int executable, uint64_t namespaces, int cgroup) {
    const std::lock_guard held(mutex_);
    if (!socket_) start(executable);
    Launched launched;
    // Killed since the last time: once more with another.
    if (!ask(namespaces, cgroup, launched)) {
      end();
      start(executable);
      if (!ask(namespaces, cgroup, launched)) {
        errno = EPIPE;
        fail(kStep, "sendmsg", "containerv-init");
      }
    }
    return launched;
  }

 private:
  void start(int executable) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail(kStep, "socketpair");
    UniqueFd ours(pair[0]), theirs(pair[1]);
    UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) fail(kStep, "open", "/dev/null");
    const UniqueFd parked[] = {park(null.get()), park(theirs.get()), park(executable)};
    Child child{parked[0].get(), parked[1].get(), parked[2].get(), nullptr, 0};
    const CloneResult cloned = clone_vfork({run_child, &child});
    pid_ = cloned.pid;
    if (child.failed_syscall) {
      end();
      errno = child.error;
      fail(kStep, child.failed_syscall, "containerv-init");
    }
    socket_ = std::move(ours);
  }

  // False when the launcher is gone.
  bool ask(uint64_t namespaces, int cgroup, Launched& launched) {
    uint8_t message[16] = {};
    const uint32_t type = kLaunch;
    memcpy(message, &type, sizeof type);
    memcpy(message + 8, &namespaces, sizeof namespaces);
    if (send_message(socket_.get(), message, std::span(&cgroup, cgroup < 0 ? 0 : 1)) != Transfer::kDone) return false;
    Received received;
    if (receive_message(socket_.get(), received) != Transfer::kDone || received.message.size() != 16) return false;
    uint32_t answer[2];
    memcpy(answer, received.message.data() + 8, sizeof answer);
    if (answer[1] != 0) {
      errno = static_cast<int>(answer[1]);
      fail("start init", "clone3");
    }
    launched.pid = static_cast<pid_t>(answer[0]);
    if (!received.fds.empty()) launched.socket = std::move(received.fds[0]);
    if (received.fds.size() > 1) launched.pidfd = std::move(received.fds[1]);
    return true;
  }

  void end() {
    socket_.reset();
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }

  std::mutex mutex_;
  UniqueFd socket_;
  pid_t pid_ = -1;
};

}  // namespace

Launched launch_init(int executable, uint64_t namespaces, int cgroup) {
  // One for all threads, and never destroyed: it ends with the process, when its socket is closed.
  static auto& launcher = *new Launcher();
  return launcher.launch(executable, namespaces, cgroup);
}

}  // namespace containerv
