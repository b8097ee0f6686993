#include "launcher.h"

#include <fcntl.h>
#include <poll.h>
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
// A clone takes half a millisecond.
constexpr int kLongestMs = 60'000;

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
  // Hands over the other end of a control socket. False when there is no launcher, or not any more.
  bool ask(uint64_t namespaces, int control, int cgroup) {
    const std::lock_guard held(mutex_);
    return socket_ && send(namespaces, control, cgroup);
  }

  // Hangs up when the launcher is gone.
  std::shared_ptr<const UniqueFd> line() {
    const std::lock_guard held(mutex_);
    return socket_;
  }

  void start(int executable) {
    const std::lock_guard held(mutex_);
    end();
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
    socket_ = std::make_shared<const UniqueFd>(std::move(ours));
  }

 private:
  bool send(uint64_t namespaces, int control, int cgroup) {
    uint8_t message[16] = {};
    const uint32_t type = kLaunch;
    memcpy(message, &type, sizeof type);
    memcpy(message + 8, &namespaces, sizeof namespaces);
    const int fds[] = {control, cgroup};
    return send_message(socket_->get(), message, std::span(fds, cgroup < 0 ? 1 : 2)) == Transfer::kDone;
  }

  void end() {
    socket_.reset();
    end_child(std::exchange(pid_, -1));
  }

  std::mutex mutex_;
  std::shared_ptr<const UniqueFd> socket_;
  pid_t pid_ = -1;
};

Launcher& launcher() {
  // One for all threads, and never destroyed: it ends with the process, when its socket is closed.
  static auto& only = *new Launcher();
  return only;
}

struct ControlSocket {
  UniqueFd ours, theirs;
};

ControlSocket make_control_socket() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("start init", "socketpair");
  return {UniqueFd(pair[0]), UniqueFd(pair[1])};
}

// A launcher that was killed right after it cloned has told nobody the pid. Asked to end, the clone says a word before
// it does, and the kernel says whose word it is.
void end_unannounced(const UniqueFd& control) {
  const int on = 1;
  if (setsockopt(control.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 || shutdown(control.get(), SHUT_WR) != 0) return;
  pollfd last{control.get(), POLLIN, 0};
  while (poll(&last, 1, kLongestMs) < 0 && errno == EINTR) {
  }
  uint8_t text[512];
  alignas(cmsghdr) uint8_t room[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int))];
  iovec part{text, sizeof text};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  if (recvmsg(control.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender;
    memcpy(&sender, CMSG_DATA(header), sizeof sender);
    if (sender.pid > 0) end_child(sender.pid);
  }
}

[[noreturn]] void launcher_is_gone() {
  errno = EPIPE;
  fail("start init", "recvmsg", "containerv-init");
}

}  // namespace

Launching begin_launch(const LaunchRequest& request) {
  ControlSocket socket = make_control_socket();
  const auto ask = [&] { return launcher().ask(request.namespaces, socket.theirs.get(), request.cgroup); };
  if (!ask()) {
    // Not started yet, or killed since.
    launcher().start(request.executable);
    if (!ask()) launcher_is_gone();
  }
  return {std::move(socket.ours), request};
}

Launching::Launching(UniqueFd socket, const LaunchRequest& request)
    : socket_(std::move(socket)), launcher_(launcher().line()), request_(request) {}

UniqueFd begin_early(uint64_t namespaces) {
  ControlSocket socket = make_control_socket();
  return launcher().ask(namespaces, socket.theirs.get(), -1) ? std::move(socket.ours) : UniqueFd();
}

// False when the launcher died over it.
bool Launching::receive(Launched& launched) {
  pollfd either[] = {{socket_.get(), POLLIN, 0}, {launcher_ ? launcher_->get() : -1, 0, 0}};
  while (poll(either, 2, kLongestMs) < 0 && errno == EINTR) {
  }
  errno = ETIMEDOUT;
  if (either[0].revents == 0 && either[1].revents == 0) fail("start init", "clone3");
  Received received;
  // It may have answered as its last deed.
  if (poll(either, 1, 0) != 1 || receive_message(socket_.get(), received) != Transfer::kDone ||
      received.message.size() != 16) {
    end_unannounced(socket_);
    return false;
  }
  uint32_t answer[2];
  memcpy(answer, received.message.data() + 8, sizeof answer);
  const auto pid = static_cast<pid_t>(answer[0]);
  if (answer[1] != 0) {
    end_child(pid);
    errno = static_cast<int>(answer[1]);
    if (pid > 0) fail("enter cgroup", "write", "cgroup.procs");
    fail("start init", "clone3");
  }
  launched.pid = pid;
  if (!received.fds.empty()) launched.pidfd = std::move(received.fds[0]);
  launched.socket = std::move(socket_);
  return true;
}

Launched Launching::finish() {
  Launched launched;
  if (receive(launched)) return launched;
  *this = begin_launch(request_);
  if (!receive(launched)) launcher_is_gone();
  return launched;
}

Launching::~Launching() {
  if (!socket_) return;
  try {
    Launched launched;
    if (receive(launched)) end_child(launched.pid);
  } catch (const SysError&) {
    // There was nothing to end.
  }
}

void end_child(pid_t pid) {
  if (pid < 0) return;
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

}  // namespace containerv
