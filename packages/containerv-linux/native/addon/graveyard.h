#pragma once

#include <vector>

#include "../common/unique_fd.h"

namespace containerv {

// Descriptors of what was removed. The kernel frees a removed file's blocks when the last reference
// to it goes, and may wait for the disk then (a discard of each on ext4 without a journal): whoever
// removes keeps a reference here, and closes it where nobody waits.
class Graveyard {
 public:
  // Before `name` in `directory` is removed. That it could not be kept only costs time.
  void keep(int directory, const char* name);
  std::vector<UniqueFd> take() { return std::move(fds_); }

 private:
  std::vector<UniqueFd> fds_;
};

}  // namespace containerv
