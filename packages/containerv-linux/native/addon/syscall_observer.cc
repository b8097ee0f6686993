#include "syscall_observer.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <tuple>

#include "../common/kernel.h"
#include "descriptor_io.h"
#include "sys_error.h"

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1UL
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1UL
#endif

namespace containerv {
namespace {

constexpr char kStep[] = "observe system calls";
// A program decides how many kinds of call it makes; it must not decide how much memory we use.
constexpr size_t kMaxKinds = 1024;
constexpr size_t kMaxFiles = 32768;
constexpr int kMaxInterpreters = 5;
constexpr int kUrgent = -10;

}  // namespace

bool ObservedCall::operator<(const ObservedCall& other) const {
  const auto key = [](const ObservedCall& call) { return std::tie(call.number, call.answer); };
  if (key(*this) != key(other)) return key(*this) < key(other);
  return std::lexicographical_compare(args, args + 6, other.args, other.args + 6);
}

bool ObservedFile::operator<(const ObservedFile& other) const {
  return std::tie(number, shape, flags, kind, path) <
         std::tie(other.number, other.shape, other.flags, other.kind, other.path);
}

SyscallObserver::SyscallObserver(ObserverPlan plan, UniqueFd source)
    : plan_(std::move(plan)), source_(std::move(source)), stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!stop_) fail(kStep, "eventfd");
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    errno = error.code().value();
    fail(kStep, "pthread_create");
  }
}

SyscallObserver::~SyscallObserver() { stop(); }

Observations SyscallObserver::stop() {
  const uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  return std::move(seen_);
}

void SyscallObserver::run() {
  // Signals are for the program's own threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::thread answering;
  std::string failure;
  try {
    if (take_listener()) {
      answering = std::thread([this] { answer_calls(); });
      take_calls();
    }
  } catch (const SysError& error) {
    failure = error.syscall + ": " + strerror(error.error);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  {
    const std::lock_guard lock(mutex_);
    last_taken_ = true;
  }
  more_.notify_one();
  if (answering.joinable()) answering.join();
  if (!failure.empty()) seen_.failure = failure;
  listener_.reset();
  source_.reset();
}

void SyscallObserver::answer_calls() {
  try {
    for (;;) {
      std::unique_lock lock(mutex_);
      more_.wait(lock, [this] { return last_taken_ || !taken_.empty(); });
      if (taken_.empty()) return;
      const seccomp_notif call = taken_.front();
      taken_.pop_front();
      lock.unlock();
      answer(call);
    }
  } catch (const std::exception& error) {
    seen_.failure = error.what();
    // Nobody would answer any more.
    const uint64_t one = 1;
    (void)!write(stop_.get(), &one, sizeof one);
  }
}

bool SyscallObserver::await(int fd, bool& ended) {
  for (;;) {
    pollfd watched[] = {{stop_.get(), POLLIN, 0}, {fd, POLLIN, 0}};
    if (poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      fail(kStep, "poll");
    }
    if (watched[0].revents) return false;
    // POLLHUP: nobody is left who uses the filter (since Linux 5.9).
    ended = !(watched[1].revents & POLLIN);
    return true;
  }
}

bool SyscallObserver::take_listener() {
  bool ended = false;
  if (!await(source_.get(), ended)) return false;
  Received received;
  // An end of file: the child failed before it had a filter, and init tells why.
  if (receive_message(source_.get(), received) != Transfer::kDone || received.fds.size() != 1) return false;
  listener_ = std::move(received.fds[0]);
  source_.reset();
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes_) != 0) fail(kStep, "seccomp(SECCOMP_GET_NOTIF_SIZES)");
  response_.assign(std::max<size_t>(sizes_.seccomp_notif_resp, sizeof(seccomp_notif_resp)), 0);
  // Since Linux 6.6: the waiting thread and this one take turns on one processor.
  ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  return seen_.began = true;
}

void SyscallObserver::take_calls() {
  // The sooner a call is taken, the fewer are interrupted. Without the privilege it stays as it is.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kUrgent);
  // A newer kernel may write more than the structures of these headers hold.
  std::vector<uint8_t> request(std::max<size_t>(sizes_.seccomp_notif, sizeof(seccomp_notif)));
  for (bool ended = false; await(listener_.get(), ended) && !ended;) {
    std::fill(request.begin(), request.end(), 0);
    if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, request.data()) != 0) {
      // ENOENT: interrupted or killed in between.
      if (errno == EINTR || errno == ENOENT) continue;
      fail(kStep, "ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
    }
    seccomp_notif call;
    memcpy(&call, request.data(), sizeof call);
    {
      const std::lock_guard lock(mutex_);
      taken_.push_back(call);
    }
    more_.notify_one();
  }
}

void SyscallObserver::answer(const seccomp_notif& call) {
  const uint32_t verdict = plan_.answers.run(call.data);
  record_task(call);
  record_call(call, verdict);
  seccomp_notif_resp response{};
  response.id = call.id;
  switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
      record_files(call);
      response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
      break;
    case SECCOMP_RET_ERRNO: response.error = -static_cast<int>(verdict & SECCOMP_RET_DATA); break;
    // What the kernel answers when there is no tracer.
    case SECCOMP_RET_TRACE: response.error = -ENOSYS; break;
    default:
      if (end_process(call)) return;
      response.error = -EPERM;
  }
  // Fails when the thread was killed meanwhile.
  memcpy(response_.data(), &response, sizeof response);
  ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, response_.data());
}

bool SyscallObserver::waiting(uint64_t id) const {
  return ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

// A filter that ends the process would not let us see the call, so that is done here. By pidfd, which is known to be
// the caller's because the call still waits once we have it.
bool SyscallObserver::end_process(const seccomp_notif& call) const {
  ObservedTask task(static_cast<pid_t>(call.pid));
  const pid_t process = task.open() ? task.process() : -1;
  if (process <= 0) return false;
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  return pidfd && waiting(call.id) && syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) == 0;
}

// Nothing is certain about a task that is gone already: then another one of its kind will tell.
void SyscallObserver::record_task(const seccomp_notif& call) {
  const bool first = tasks_.empty();
  if (!tasks_.insert(call.pid).second || first) return;
  ObservedTask task(static_cast<pid_t>(call.pid));
  const pid_t process = task.open() ? task.process() : -1;
  if (process <= 0 || !waiting(call.id)) return;
  (process == static_cast<pid_t>(call.pid) ? seen_.processes : seen_.threads) = true;
}

void SyscallObserver::truncate(int number) {
  auto& list = seen_.truncated;
  if (std::find(list.begin(), list.end(), number) == list.end()) list.push_back(number);
}

void SyscallObserver::record_call(const seccomp_notif& call, uint32_t answer) {
  ObservedCall seen{call.data.nr, answer, {}};
  const auto shape = plan_.calls.find(call.data.nr);
  for (unsigned i = 0; shape != plan_.calls.end() && i < 6; ++i) {
    const uint64_t kept = call.data.args[i] & shape->second.masks[i];
    seen.args[i] = shape->second.zero_only >> i & 1 ? kept != 0 : kept;
  }
  const auto known = seen_.calls.find(seen);
  if (known != seen_.calls.end()) {
    ++known->second;
    return;
  }
  if (kinds_[seen.number] == kMaxKinds) return truncate(seen.number);
  ++kinds_[seen.number];
  seen_.calls.emplace(seen, 1);
}

void SyscallObserver::record_files(const seccomp_notif& call) {
  const auto shapes = plan_.paths.find(call.data.nr);
  if (shapes == plan_.paths.end()) return;
  ObservedTask task(static_cast<pid_t>(call.pid));
  // The id may be another thread's by now, unless its call still waits after we hold on to it.
  if (!task.open() || !waiting(call.id)) return;
  for (uint32_t at = 0; at < shapes->second.size(); ++at) record_file(call, at, shapes->second[at], task);
}

void SyscallObserver::record_file(const seccomp_notif& call, uint32_t at, const PathShape& shape,
                                  const ObservedTask& task) {
  using Kind = PathShape::Kind;
  const auto& args = call.data.args;
  if (shape.when >= 0 && !(args[shape.when] & shape.when_mask)) return;
  uint64_t flags = shape.flags >= 0 ? args[shape.flags] : 0;
  if (shape.flags_in_memory && !task.read_memory(flags, &flags, sizeof flags)) return;
  const uint64_t argument = args[shape.path];
  const int directory = shape.directory >= 0 ? static_cast<int>(args[shape.directory]) : AT_FDCWD;
  ObservedFile file{call.data.nr, at, flags, 0, ""};
  std::string name;
  ObservedPath found;
  if (shape.kind == Kind::kDescriptor) {
    found = task.of_descriptor(static_cast<int>(argument));
  } else if (shape.kind == Kind::kSocketAddress) {
    sockaddr_un address{};
    const uint64_t size = args[shape.path + 1];
    if (size <= offsetof(sockaddr_un, sun_path) || size > sizeof address) return;
    if (!task.read_memory(argument, &address, size) || address.sun_family != AF_UNIX) return;
    name.assign(address.sun_path, strnlen(address.sun_path, sizeof address.sun_path));
    found = task.parent_of(AT_FDCWD, name);
  } else if (!task.read_path(argument, name)) {
    return;
  } else if (name.empty()) {
    // AT_EMPTY_PATH: the descriptor itself.
    if (directory != AT_FDCWD) found = task.of_descriptor(directory);
  } else if (shape.kind == Kind::kEntry) {
    found = task.parent_of(directory, name);
  } else {
    found = task.resolve(directory, name, !(flags & shape.no_follow));
  }
  file.kind = static_cast<uint32_t>(found.kind);
  file.path = std::move(found.text);
  if (shape.kind == Kind::kProgram) return record_program(call, std::move(file), task);
  if (found.kind != ObservedPath::Kind::kNothing) keep(std::move(file));
}

// The kernel opens interpreters and loaders by itself, without a call that could be seen.
void SyscallObserver::record_program(const seccomp_notif& call, ObservedFile file, const ObservedTask& task) {
  for (int depth = 0; depth < kMaxInterpreters; ++depth) {
    if (file.kind != static_cast<uint32_t>(ObservedPath::Kind::kFile)) return;
    const std::string next = task.interpreter_of(file.path);
    ObservedFile kept = file;
    kept.number = call.data.nr;
    keep(std::move(kept));
    if (next.empty()) return;
    const ObservedPath found = task.resolve(AT_FDCWD, next, true);
    file.kind = static_cast<uint32_t>(found.kind);
    file.path = found.text;
  }
}

void SyscallObserver::keep(ObservedFile file) {
  const auto known = seen_.files.find(file);
  if (known != seen_.files.end())
    ++known->second;
  else if (seen_.files.size() == kMaxFiles)
    truncate(-1);
  else
    seen_.files.emplace(std::move(file), 1);
}

}  // namespace containerv
