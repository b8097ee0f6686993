#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "../common/unique_fd.h"

namespace containerv {

// A thread that waits in a system call which was handed over to us (seccomp_unotify(2)). Its memory, working directory
// and descriptors may be changed by others at any time, so each is taken once and what is judged is what was taken. Its
// identity only it could change, and it waits. All of it is certain only if the call still waits afterwards: otherwise
// the id may be somebody else's by now.
class CalledTask {
 public:
  CalledTask(int proc, pid_t thread) : proc_(proc), thread_(thread) {}

  // Reads its identity. 0 or an errno: EACCES for one in user or mount namespaces of its own, or below another root, whose
  // paths and privileges would not mean here what they mean there.
  int open();
  int read_memory(uint64_t address, void* into, size_t size) const;
  // `size` bytes in all.
  int read_memory(const iovec* parts, size_t count, void* into, size_t size) const;
  // The memory that it has now, to be written to, whatever becomes of us or it.
  int open_memory(UniqueFd& memory) const;
  // Its descriptor `number`, as one of ours.
  int take_descriptor(int number, UniqueFd& taken) const;

  [[nodiscard]] int directory() const { return cwd_.get(); }
  [[nodiscard]] pid_t thread() const { return thread_; }
  [[nodiscard]] pid_t process() const { return process_; }
  [[nodiscard]] uid_t user() const { return users_[0]; }
  [[nodiscard]] gid_t group() const { return groups_[0]; }
  [[nodiscard]] uint64_t capabilities() const { return capabilities_; }
  // Its working directory, umask, user and groups, for good. Capabilities in effect are its own, `spare` can be taken
  // back (set_effective). 0 or an errno.
  int become(uint64_t spare) const;
  // For sake of what only we may ask, without being asked for by it.
  int set_effective(uint64_t capabilities, uint64_t spare) const;

 private:
  static constexpr int kMaxGroups = 256;

  int read_identity();
  [[nodiscard]] bool shares(const char* what) const;

  int proc_;
  pid_t thread_;
  pid_t process_ = -1;
  uid_t users_[4] = {};  // real, effective, saved, of the file system
  gid_t groups_[4] = {};
  gid_t supplementary_[kMaxGroups];
  int supplementary_count_ = 0;
  uint64_t capabilities_ = 0;
  mode_t umask_ = 0;
  UniqueFd cwd_;
  UniqueFd pidfd_;
};

// Whether a signal that the thread catches waits for it to leave its call. `proc` is a procfs.
bool signal_waits(int proc, pid_t thread);

}  // namespace containerv
