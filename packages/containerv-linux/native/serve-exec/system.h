#pragma once

// System calls without a C library: the result, or -errno.

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "../common/kernel.h"

namespace containerv::sys {

using kernel::raw_syscall;

template <typename Pointer>
long address(Pointer* pointer) {
  return reinterpret_cast<long>(pointer);
}

inline long read(int fd, void* into, size_t size) { return raw_syscall(SYS_read, fd, address(into), static_cast<long>(size)); }
inline long write(int fd, const void* from, size_t size) {
  return raw_syscall(SYS_write, fd, address(from), static_cast<long>(size));
}
inline int open(const char* path, int flags) {
  return static_cast<int>(raw_syscall(SYS_openat, AT_FDCWD, address(path), flags));
}
inline long fcntl(int fd, int command, long argument = 0) { return raw_syscall(SYS_fcntl, fd, command, argument); }
inline long ioctl(int fd, unsigned long request, void* argument) {
  return raw_syscall(SYS_ioctl, fd, static_cast<long>(request), address(argument));
}
inline long kill(long pid, int signal) { return raw_syscall(SYS_kill, pid, signal); }

// A set of signals as the kernel has it: bit N-1 is signal N.
using SignalSet = uint64_t;
inline constexpr SignalSet bit(int signal) { return SignalSet{1} << (signal - 1); }
inline void change_mask(int how, SignalSet set) { raw_syscall(SYS_rt_sigprocmask, how, address(&set), 0, sizeof set); }
inline int signal_descriptor(SignalSet set) {
  return static_cast<int>(raw_syscall(SYS_signalfd4, -1, address(&set), sizeof set, O_CLOEXEC | O_NONBLOCK));
}
inline bool is_ignored(int signal) {
  // Larger than struct sigaction on every architecture; the handler is its first field.
  uint64_t action[8] = {};
  return raw_syscall(SYS_rt_sigaction, signal, 0, address(action), sizeof(SignalSet)) == 0 &&
         action[0] == reinterpret_cast<uint64_t>(SIG_IGN);
}

inline long now_ms() {
  timespec time{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, address(&time));
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// Waits for ever when `timeout_ms` is negative.
inline long poll(pollfd* descriptors, size_t count, long timeout_ms) {
  timespec time{timeout_ms / 1000, timeout_ms % 1000 * 1000000};
  return raw_syscall(SYS_ppoll, address(descriptors), static_cast<long>(count), timeout_ms < 0 ? 0 : address(&time));
}

}  // namespace containerv::sys
