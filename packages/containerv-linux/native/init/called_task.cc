#include "called_task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../common/kernel.h"
#include "confinement.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

namespace containerv {
namespace {

// /proc/PID/status (proc_pid_status(5)).
class Status {
 public:
  bool read_from(int proc, pid_t thread) {
    char path[32];
    snprintf(path, sizeof path, "%d/status", thread);
    const UniqueFd file(openat(proc, path, O_RDONLY | O_CLOEXEC));
    const ssize_t got = file ? read(file.get(), text_, sizeof text_ - 1) : -1;
    if (got <= 0) return false;
    text_[got] = 0;
    return true;
  }
  // The value of a field: "\nUid:".
  [[nodiscard]] const char* field(const char* name) const {
    const char* found = strstr(text_, name);
    return found ? found + strlen(name) : nullptr;
  }
  [[nodiscard]] uint64_t mask(const char* name) const {
    const char* value = field(name);
    return value ? strtoull(value, nullptr, 16) : 0;
  }

 private:
  char text_[8192];
};

// Numbers up to the end of the line; -1 when there are more than `most`.
int read_numbers(const char* value, uint32_t* numbers, int most) {
  int count = 0;
  for (;;) {
    while (*value == '\t' || *value == ' ') ++value;
    if (*value < '0' || *value > '9') return count;
    if (count == most) return -1;
    char* end;
    numbers[count++] = static_cast<uint32_t>(strtoul(value, &end, 10));
    value = end;
  }
}

}  // namespace

bool signal_waits(int proc, pid_t thread) {
  static Status status;
  if (!status.read_from(proc, thread)) return false;
  const uint64_t pending = status.mask("\nSigPnd:") | status.mask("\nShdPnd:");
  return (pending & ~status.mask("\nSigBlk:") & status.mask("\nSigCgt:")) != 0;
}

int CalledTask::read_identity() {
  static Status status;
  if (!status.read_from(proc_, thread_)) return errno;
  const char* const process = status.field("\nTgid:");
  const char* const users = status.field("\nUid:");
  const char* const groups = status.field("\nGid:");
  const char* const supplementary = status.field("\nGroups:");
  const char* const umask = status.field("\nUmask:");
  if (!process || !users || !groups || !supplementary || !umask) return EACCES;
  process_ = static_cast<pid_t>(strtol(process, nullptr, 10));
  umask_ = static_cast<mode_t>(strtoul(umask, nullptr, 8));
  capabilities_ = status.mask("\nCapEff:");
  supplementary_count_ = read_numbers(supplementary, supplementary_, kMaxGroups);
  const bool whole = read_numbers(users, users_, 4) == 4 && read_numbers(groups, groups_, 4) == 4;
  return whole && supplementary_count_ >= 0 ? 0 : EACCES;
}

bool CalledTask::shares(const char* what) const {
  char theirs[48], ours[48];
  struct stat there, here;
  snprintf(theirs, sizeof theirs, "%d/%s", thread_, what);
  snprintf(ours, sizeof ours, "self/%s", what);
  return fstatat(proc_, theirs, &there, 0) == 0 && fstatat(proc_, ours, &here, 0) == 0 &&
         there.st_ino == here.st_ino && there.st_dev == here.st_dev;
}

int CalledTask::open() {
  if (const int error = read_identity()) return error;
  if (!shares("ns/user") || !shares("ns/mnt") || !shares("root")) return EACCES;
  char path[32];
  snprintf(path, sizeof path, "%d/cwd", thread_);
  cwd_.reset(openat(proc_, path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!cwd_) return errno;
  // Its descriptors need not be those of its process; before Linux 6.9 there is nothing but the process to ask.
  pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, thread_, PIDFD_THREAD)));
  if (!pidfd_) pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, process_, 0)));
  return pidfd_ ? 0 : errno;
}

int CalledTask::read_memory(uint64_t address, void* into, size_t size) const {
  const iovec there{reinterpret_cast<void*>(address), size};
  return read_memory(&there, 1, into, size);
}

int CalledTask::read_memory(const iovec* parts, size_t count, void* into, size_t size) const {
  if (size == 0) return 0;
  const iovec here{into, size};
  const ssize_t got = process_vm_readv(thread_, &here, 1, parts, count, 0);
  return got == static_cast<ssize_t>(size) ? 0 : got < 0 ? errno : EFAULT;
}

int CalledTask::open_memory(UniqueFd& memory) const {
  char path[32];
  snprintf(path, sizeof path, "%d/mem", thread_);
  memory.reset(openat(proc_, path, O_WRONLY | O_CLOEXEC));
  return memory ? 0 : errno;
}

int CalledTask::take_descriptor(int number, UniqueFd& taken) const {
  taken.reset(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd_.get(), number, 0)));
  return taken ? 0 : errno;
}

int CalledTask::become(uint64_t spare) const {
  if (fchdir(cwd_.get()) != 0) return errno;
  umask(umask_);
  // By system call: the C library's wrappers signal threads, of which there are none.
  // EPERM: nobody in this user namespace may set groups, so they are the same for all.
  if (syscall(SYS_setgroups, static_cast<size_t>(supplementary_count_), supplementary_) != 0 && errno != EPERM)
    return errno;
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return errno;
  if (syscall(SYS_setresgid, groups_[0], groups_[1], groups_[2]) != 0) return errno;
  if (syscall(SYS_setresuid, users_[0], users_[1], users_[2]) != 0) return errno;
  if (users_[3] != users_[1] || groups_[3] != groups_[1]) {
    // They tell no failure but by what they find the next time (setfsuid(2)).
    setfsgid(groups_[3]);
    setfsuid(users_[3]);
    if (static_cast<gid_t>(setfsgid(static_cast<gid_t>(-1))) != groups_[3] ||
        static_cast<uid_t>(setfsuid(static_cast<uid_t>(-1))) != users_[3])
      return EPERM;
  }
  if (const int error = set_effective(capabilities_, spare)) return error;
  // Becoming somebody else may have opened us to those who are the same (prctl(2), PR_SET_DUMPABLE).
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}

int CalledTask::set_effective(uint64_t capabilities, uint64_t spare) const {
  return -set_capabilities(capabilities, capabilities_ | spare);
}

}  // namespace containerv
