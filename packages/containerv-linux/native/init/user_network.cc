#include "user_network.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/protocol.h"
#include "confinement.h"
#include "descriptors.h"
#include "namespaces.h"

namespace containerv {
namespace {

constexpr char kStep[] = "connect network";
constexpr size_t kMaxArguments = 256;

struct Command {
  const char* words[kMaxArguments + 3] = {};
  size_t count = 0;

  bool decode(WireReader& reader) {
    const uint32_t given = reader.count();
    if (given == 0 || given > kMaxArguments) reader.fail();
    while (count < given && reader.ok()) words[count++] = reader.text();
    return reader.finished() && words[0][0] == '/';
  }
};

bool make_pipe(UniqueFd ends[2]) {
  int made[2];
  if (pipe2(made, O_CLOEXEC) != 0) return false;
  ends[0].reset(made[0]);
  ends[1].reset(made[1]);
  return true;
}

// Of the file system that the program reads, whichever pid namespace that is of.
bool find_namespace_path(char* path, size_t size) {
  char pid[32];
  const ssize_t length = readlink("/proc/self", pid, sizeof pid - 1);
  if (length <= 0) return false;
  pid[length] = 0;
  snprintf(path, size, "/proc/%s/ns/net", pid);
  return true;
}

[[noreturn]] void run_program(const Command& command, int output, int permission) {
  char nothing;
  // The end of the pipe: the guard is where the program is to look for it.
  if (read(permission, &nothing, 1) != 0) _exit(126);
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) _exit(126);
  close_from(STDERR_FILENO + 1);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  umask(S_IWGRP | S_IWOTH);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  static char* environment[] = {nullptr};
  execve(command.words[0], const_cast<char* const*>(command.words), environment);
  dprintf(STDERR_FILENO, "%s cannot be executed: error %d\n", command.words[0], errno);
  _exit(127);
}

// It puts itself into the background once everything is set up, and then its first process ends.
bool succeeded(int status, int output, Failure& failure) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  failure.set(WIFEXITED(status) ? EPROTO : ECANCELED, kStep, "execve");
  const ssize_t size = pread(output, failure.detail, sizeof failure.detail - 1, 0);
  failure.detail[size < 0 ? 0 : size] = 0;
  return false;
}

struct Guarded {
  UniqueFd network, life, report, output, children;
  pid_t program = -1;
};

bool start_program(Command& command, Guarded& guarded, Failure& failure) {
  static char path[64];
  if (!find_namespace_path(path, sizeof path)) return failure.set(kStep, "readlink", "/proc/self");
  command.words[command.count++] = "--netns";
  command.words[command.count++] = path;
  guarded.output.reset(memfd_create("output", MFD_CLOEXEC));
  if (!guarded.output) return failure.set(kStep, "memfd_create");
  UniqueFd permission[2];
  if (!make_pipe(permission)) return failure.set(kStep, "pipe2");
  guarded.program = fork();
  if (guarded.program < 0) return failure.set(kStep, "fork");
  if (guarded.program == 0) {
    permission[1].reset();
    run_program(command, guarded.output.get(), permission[0].get());
  }
  // It looks for the namespace at our own /proc files: those are its to read once we have no capability that it lacks.
  if (setns(guarded.network.get(), CLONE_NEWNET) != 0) return failure.set(kStep, "setns(CLONE_NEWNET)");
  guarded.network.reset();
  const int dropped = set_capabilities(0);
  if (dropped != 0) return failure.set(-dropped, kStep, "capset");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
    return failure.set(kStep, "prctl");
  return true;  // and gives the permission, by closing the pipe
}

void tell(Guarded& guarded, const Failure& failure) {
  static_assert(sizeof failure < 4096, "a pipe takes it whole");
  static_cast<void>(!write(guarded.report.get(), &failure, sizeof failure));
  guarded.report.reset();
}

// Process 1: what is left below it ends with it.
[[noreturn]] void guard(Command& command, Guarded& guarded) {
  Failure failure;
  close(protocol::kDriverFd);
  if (chdir("/") != 0) _exit(1);
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  guarded.children.reset(signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!guarded.children || !start_program(command, guarded, failure)) {
    if (failure.error == 0) failure.set(kStep, "signalfd");
    tell(guarded, failure);
    _exit(1);
  }
  for (;;) {
    pollfd either[] = {{guarded.life.get(), POLLIN, 0}, {guarded.children.get(), POLLIN, 0}};
    if (poll(either, 2, -1) < 0) continue;
    if (either[0].revents != 0) _exit(0);
    signalfd_siginfo ignored;
    static_cast<void>(!read(guarded.children.get(), &ignored, sizeof ignored));
    for (;;) {
      int status;
      const pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid == 0) break;
      if (pid < 0) _exit(1);
      if (pid != guarded.program) continue;
      const bool connected = succeeded(status, guarded.output.get(), failure);
      tell(guarded, failure);
      if (!connected) _exit(1);
      guarded.output.reset();
    }
  }
}

}  // namespace

pid_t connect_network(WireReader& request, std::span<UniqueFd> fds, Failure& failure) {
  static Command command;
  if (fds.size() != 3 || !command.decode(request)) return failure.set(EBADMSG, "decode request", "recvmsg"), -1;
  // The driver's user owns the namespace, so this is as much as a child of it may do (user_namespaces(7)).
  if (setns(fds[0].get(), CLONE_NEWUSER) != 0) return failure.set(kStep, "setns(CLONE_NEWUSER)"), -1;
  if (!become_root_of_namespace(failure)) return -1;
  if (unshare(CLONE_NEWPID) != 0) return failure.set(kStep, "unshare(CLONE_NEWPID)"), -1;
  UniqueFd report[2];
  if (!make_pipe(report)) return failure.set(kStep, "pipe2"), -1;
  const pid_t pid = fork();
  if (pid < 0) return failure.set(kStep, "fork"), -1;
  if (pid == 0) {
    report[0].reset();
    fds[0].reset();
    static Guarded guarded;
    guarded.network = static_cast<UniqueFd&&>(fds[1]);
    guarded.life = static_cast<UniqueFd&&>(fds[2]);
    guarded.report = static_cast<UniqueFd&&>(report[1]);
    guard(command, guarded);
  }
  report[1].reset();
  for (auto& fd : fds) fd.reset();
  if (read(report[0].get(), &failure, sizeof failure) == sizeof failure && failure.error == 0) return pid;
  if (failure.error == 0) failure.set(ECANCELED, kStep, "fork");
  await_guard(pid);
  return -1;
}

bool await_guard(pid_t guard) {
  int status = 0;
  while (waitpid(guard, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

}  // namespace containerv
