#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "filter_program.h"

namespace containerv {

// Which part of each argument distinguishes one call from another.
struct CallShape {
  std::array<uint64_t, 6> masks{};
  // Bits: of these arguments only whether they are 0.
  uint32_t zero_only = 0;
};

// An argument that names a file.
struct PathShape {
  enum class Kind : uint32_t { kTarget, kEntry, kDescriptor, kProgram, kSocketAddress };
  Kind kind = Kind::kTarget;
  // Argument numbers, or -1: the descriptor that a relative path starts at (AT_FDCWD where there is none),
  // the path, the flags.
  int32_t directory = -1;
  int32_t path = -1;
  int32_t flags = -1;
  // The flags are the first 8 bytes of what the argument points to (struct open_how).
  bool flags_in_memory = false;
  // With these flags the last component is not followed when it is a symbolic link.
  uint64_t no_follow = 0;
  // Only when (that argument & when_mask) is not 0; -1: always.
  int32_t when = -1;
  uint64_t when_mask = 0;
};

// What to answer and what to write down, as `src/learn/observer-plan.ts` encodes it.
struct ObserverPlan {
  FilterProgram answers;
  std::unordered_map<int, CallShape> calls;
  std::unordered_map<int, std::vector<PathShape>> paths;

  // Throws SysError.
  static ObserverPlan decode(std::span<const uint8_t> bytes);
};

}  // namespace containerv
