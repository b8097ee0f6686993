#include "socket_broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <new>

#include "../common/kernel.h"
#include "descriptors.h"
#include "landlock.h"
#include "observed_filter.h"
#include "own_policy.h"
#include "socket_call.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#endif

namespace containerv {
namespace {

constexpr char kStep[] = "enforce socket rules";
// Tells a child to give up waiting. Nothing else does: init blocks every signal, and so do its children.
constexpr int kGiveUp = SIGALRM;

// A newer kernel may write more, and wants the rest to be zero.
union Notification {
  seccomp_notif call;
  uint8_t room[512];
};
union Response {
  seccomp_notif_resp answer;
  uint8_t room[128];
};

bool still_waits(int listener, uint64_t id) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0; }

void ignore(int) {}

// Only now may it be interrupted: what was sent before is not lost, and comes at once.
void allow_giving_up() {
  struct sigaction action {};
  action.sa_handler = ignore;
  sigaction(kGiveUp, &action, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, kGiveUp);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

// Makes `fds` the only descriptors, from 0 up. -1 stays.
bool keep_only(std::initializer_list<int*> fds) {
  const int count = static_cast<int>(fds.size());
  for (int* fd : fds)
    if (*fd >= 0 && *fd < count && (*fd = fcntl(*fd, F_DUPFD_CLOEXEC, count)) < 0) return false;
  int place = 0;
  for (int* fd : fds) {
    if (*fd >= 0 && dup3(*fd, place, O_CLOEXEC) < 0) return false;
    if (*fd >= 0) *fd = place++;
  }
  close_from(static_cast<unsigned>(place));
  return true;
}

}  // namespace

bool SocketBroker::open(const Settings& settings, Failure& failure) {
  settings_ = settings;
  if (!settings.rules->any()) return true;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failure.set(kStep, "socketpair");
  arrivals_.reset(ends[0]);
  hand_.reset(ends[1]);
  if (!settings.rules->follow_links(settings.proc)) return failure.set(kStep, "readlinkat");
  return prove(failure);
}

int SocketBroker::join(int hand, int ruleset, uint64_t own_policy) const {
  return load_observed_filter(settings_.rules->filter(), settings_.rules->pass(), hand, own_policy, ruleset);
}

int SocketBroker::take_arrival() {
  uint64_t own_policy = 0;
  iovec part{&own_policy, sizeof own_policy};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(arrivals_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != sizeof own_policy) return -1;
  const cmsghdr* item = CMSG_FIRSTHDR(&message);
  if (!item || item->cmsg_type != SCM_RIGHTS) return -1;
  int fds[] = {-1, -1};
  memcpy(fds, CMSG_DATA(item), item->cmsg_len == CMSG_LEN(sizeof fds) ? sizeof fds : sizeof fds[0]);
  auto* joined = new (std::nothrow) Joined{joined_, UniqueFd(fds[0]), UniqueFd(fds[1]), own_policy};
  // Nobody listens then, and its calls fail (ENOSYS).
  if (!joined) return -1;
  // Since Linux 6.6: the caller and we take turns on one processor.
  ioctl(fds[0], SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  joined_ = joined;
  return fds[0];
}

void SocketBroker::forget(int listener) {
  for (Joined** link = &joined_; *link; link = &(*link)->next) {
    if ((*link)->listener.get() != listener) continue;
    Joined* gone = *link;
    *link = gone->next;
    delete gone;
    return;
  }
}

bool SocketBroker::send(int listener, uint64_t id, int64_t result) {
  Response response{};
  response.answer.id = id;
  response.answer.val = result < 0 ? 0 : result;
  response.answer.error = result < 0 ? static_cast<int>(result) : 0;
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

bool SocketBroker::take_call(int listener, int policies) {
  const Joined* joined = joined_;
  while (joined && joined->listener.get() != listener) joined = joined->next;
  Notification taken{};
  // ENOENT: interrupted or killed in between.
  if (!joined || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &taken) != 0) return false;
  auto* answering = new (std::nothrow)
      Answering{answering_, -1, static_cast<pid_t>(taken.call.pid), taken.call.id, listener, false};
  const pid_t child = answering ? fork() : -1;
  if (child == 0) answer(taken.call, *joined, policies);
  if (child < 0) {
    send(listener, taken.call.id, -ENOBUFS);
    delete answering;
    return false;
  }
  answering->child = child;
  answering_ = answering;
  return true;
}

bool SocketBroker::ended(pid_t child) {
  for (Answering** link = &answering_; *link; link = &(*link)->next) {
    Answering* ended = *link;
    if (ended->child != child) continue;
    // Whoever shares its user may have killed it before it answered. Its caller must not wait for ever.
    send(ended->listener, ended->id, -EINTR);
    *link = ended->next;
    delete ended;
    return true;
  }
  return false;
}

bool SocketBroker::look_after(bool all) {
  for (Answering* each = answering_; each; each = each->next) {
    const bool give_up = all || (each->waits && (!still_waits(each->listener, each->id) ||
                                                 signal_waits(settings_.proc, each->caller)));
    if (give_up) kill(each->child, kGiveUp);
    each->waits = true;
  }
  return answering_ != nullptr;
}

// A child of process 1, for one call.
void SocketBroker::answer(const seccomp_notif& call, const Joined& joined, int policies) {
  int listener = joined.listener.get(), proc = settings_.proc, ruleset = settings_.ruleset, own = joined.ruleset.get();
  prctl(PR_SET_NAME, "containerv-call", 0, 0, 0);
  const char* step = "";
  const bool ready =
      (joined.own_policy == 0 || join_own_policy(policies, joined.own_policy, step) == 0) &&
      keep_only({&listener, &proc, &ruleset, &own});
  int64_t result = -EACCES;
  CalledTask task(proc, static_cast<pid_t>(call.pid));
  SocketCall socket_call(*settings_.rules, proc, call.data, task);
  if (ready) {
    int error = task.open();
    if (error == 0) error = socket_call.prepare();
    // Only now is it certain whose these were.
    if (!still_waits(listener, call.id)) _exit(0);
    if (error == 0) error = task.become(SocketCall::kSpare);
    // After that: becoming somebody else would clear it.
    if (error == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) error = errno;
    for (const int layer : {ruleset, own})
      if (error == 0 && layer >= 0) error = -restrict_self(layer);
    if (error == 0) allow_giving_up();
    result = error == 0 ? socket_call.act() : -error;
  }
  send(listener, call.id, result);
  _exit(0);
}

// That the kernel has what this takes, and that nothing keeps us from using it, is seen by a call that is handed over: one
// whose answer comes after everything was taken of the caller, whatever the rules are.
bool SocketBroker::prove(Failure& failure) {
  const pid_t child = fork();
  if (child < 0) return failure.set(kStep, "fork");
  if (child == 0) {
    const UniqueFd made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // What has not executed anything is, to the kernel, of the user namespace that init came from. Nobody else is here yet.
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    constexpr sockaddr kNobody{.sa_family = AF_INET, .sa_data = {}};
    const int joined = made ? join(hand_.get(), -1, 0) : -errno;
    const bool answered = joined == 0 && bind(made.get(), &kNobody, sizeof kNobody) != 0 && errno == EINVAL;
    for (;;) syscall(SYS_exit_group, joined != 0 ? -joined : answered ? 0 : errno);
  }
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (!pidfd) kill(child, SIGKILL);
  const auto await = [&pidfd](int fd) {
    pollfd watched[] = {{fd, POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
    while (pidfd && poll(watched, 2, -1) < 0 && errno == EINTR) {
    }
    return pidfd && watched[0].revents & POLLIN;
  };
  const int listener = await(arrivals_.get()) ? take_arrival() : -1;
  const bool taken = listener >= 0 && await(listener) && take_call(listener, -1);
  for (const pid_t helper = taken ? answering_->child : -1; taken && answering_;)
    if (waitpid(helper, nullptr, 0) == helper) ended(helper);
  // Its call fails with that.
  if (listener >= 0) forget(listener);
  int status = 0;
  while (waitpid(child, &status, 0) != child && errno == EINTR) {
  }
  if (taken && WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  const int error = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return failure.set(error ? error : ENOSYS, kStep, pidfd ? "seccomp" : "pidfd_open");
}

}  // namespace containerv
