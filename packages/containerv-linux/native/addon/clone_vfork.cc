#include "clone_vfork.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/kernel.h"
#include "sys_error.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

namespace containerv {
namespace {

constexpr char kStep[] = "start launcher";
constexpr size_t kStackSize = 64 * 1024;

// struct clone_args of linux/sched.h, which older headers lack.
struct alignas(8) CloneArgs {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

class Stack {
 public:
  Stack() : memory_(mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (memory_ == MAP_FAILED) fail(kStep, "mmap");
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() { munmap(memory_, kStackSize); }
  [[nodiscard]] void* bottom() const { return memory_; }
  [[nodiscard]] void* top() const { return static_cast<char*>(memory_) + kStackSize; }

 private:
  void* memory_;
};

// A handler of Node's must not run in the child, on memory it shares with Node.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// clone3(2) on a stack of its own has to be entered from assembly: the child cannot return from the
// C function that made the call.
long clone3(CloneArgs* args, int (*child)(void*), void* argument) {
#if defined(__x86_64__)
  long result;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %[argument], %%rdi\n\t"
      "call *%[child]\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit_group], %%eax\n\t"
      "syscall\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone3), "D"(args), "S"(sizeof *args), [child] "r"(child), [argument] "r"(argument),
        [exit_group] "i"(SYS_exit_group)
      : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__)
  register long number asm("x8") = SYS_clone3;
  register long first asm("x0") = reinterpret_cast<long>(args);
  register long second asm("x1") = sizeof *args;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x0, %[argument]\n\t"
      "blr %[child]\n\t"
      "mov x8, %[exit_group]\n\t"
      "svc #0\n"
      "1:"
      : "+r"(first)
      : "r"(number), "r"(second), [child] "r"(child), [argument] "r"(argument), [exit_group] "i"(SYS_exit_group)
      : "memory", "cc", "x30");
  return first;
#else
#error "containerv-linux supports x86-64 and arm64"
#endif
}

// Before Linux 5.3. CLONE_PIDFD is ignored before 5.2, which leaves the descriptor untouched.
CloneResult clone_legacy(const CloneRequest& request, const Stack& stack) {
  int pidfd = -1;
  constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  const int pid = clone(request.child, stack.top(), kFlags, request.argument, &pidfd);
  if (pid < 0) fail(kStep, "clone");
  CloneResult result;
  result.pid = pid;
  result.pidfd.reset(pidfd);
  return result;
}

}  // namespace

CloneResult clone_vfork(const CloneRequest& request) {
  Stack stack;
  SignalsBlocked blocked;
  int pidfd = -1;
  CloneArgs args{};
  args.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  args.stack = reinterpret_cast<uint64_t>(stack.bottom());
  args.stack_size = kStackSize;
  const long pid = clone3(&args, request.child, request.argument);
  if (pid < 0) {
    errno = static_cast<int>(-pid);
    if (errno == ENOSYS) return clone_legacy(request, stack);
    fail(kStep, "clone3");
  }
  CloneResult result;
  result.pid = static_cast<pid_t>(pid);
  result.pidfd.reset(pidfd);
  return result;
}

}  // namespace containerv
