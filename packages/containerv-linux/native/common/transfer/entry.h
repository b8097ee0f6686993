#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include <span>

namespace containerv::transfer {

// What came of one step: 0, or errno and the call that gave it (a literal).
struct Outcome {
  int error = 0;
  const char* call = "";
  [[nodiscard]] bool ok() const { return error == 0; }
};

// What a copy takes over from its original; ids as the container numbers them, whichever side it is on.
struct Metadata {
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t size = 0;
  int64_t accessed_s = 0;
  int64_t modified_s = 0;
  uint32_t accessed_ns = 0;
  uint32_t modified_ns = 0;

  static Metadata of(const struct stat& about) {
    return {about.st_mode,
            about.st_uid,
            about.st_gid,
            static_cast<uint64_t>(about.st_size),
            about.st_atim.tv_sec,
            about.st_mtim.tv_sec,
            static_cast<uint32_t>(about.st_atim.tv_nsec),
            static_cast<uint32_t>(about.st_mtim.tv_nsec)};
  }
};

// Extended attributes as a packed list of name and value (packer.h).
using Attributes = std::span<const uint8_t>;

inline constexpr size_t kMaxAttributes = 16 * 1024;
// A file up to this size travels with its description; a larger one, or a sparse one, as a descriptor.
inline constexpr size_t kMaxInlineFile = 32 * 1024;
// One descriptor a level; a tree can nest further than there are descriptors, or names than a path can hold.
inline constexpr int kMaxDepth = 256;

}  // namespace containerv::transfer
