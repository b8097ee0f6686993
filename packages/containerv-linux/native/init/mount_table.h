#pragma once

#include <stddef.h>

#include <span>

namespace containerv {

// The mounts below one directory, read from /proc/self/mountinfo (proc_pid_mountinfo(5)). Only for
// kernels without mount_setattr(2), where each must be remounted by itself.
class MountTable {
 public:
  MountTable() = default;
  MountTable(const MountTable&) = delete;
  MountTable& operator=(const MountTable&) = delete;
  ~MountTable();

  // Mounts strictly below root/path; their paths come back relative to `root`. False with errno.
  bool read_below(int root, const char* path);
  [[nodiscard]] std::span<const char* const> paths() const { return {paths_, count_}; }

 private:
  static constexpr size_t kMaxMounts = 4096;
  char* text_ = nullptr;
  const char* paths_[kMaxMounts];
  size_t count_ = 0;
};

}  // namespace containerv
