#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../common/unique_fd.h"

namespace containerv {

// Neighbouring ranges of host ids that containers may have, each of kIdRangeSize.
struct IdRun {
  uint32_t first = 0;
  uint32_t ranges = 0;
};

inline constexpr uint32_t kIdRangeSize = 65'536;

// Host ids `first` and up, this container's alone for as long as somebody has `lock` open.
struct IdRange {
  uint32_t first = 0;
  UniqueFd lock;
};

// Takes a range that no other container on this machine has. Each locks the bytes of `path` that have its ids for
// numbers, by an open file description of its own (fcntl(2), F_OFD_SETLK): the kernel gives them back when the last
// process that holds it is gone, however it went, so there is nothing to record and nothing to clear. EUSERS: all taken.
IdRange take_id_range(const std::string& path, const std::vector<IdRun>& runs);

}  // namespace containerv
