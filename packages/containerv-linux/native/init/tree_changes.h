#pragma once

#include <stddef.h>

#include <span>

#include "../common/unique_fd.h"
#include "failure.h"
#include "layer_owners.h"

namespace containerv {

inline constexpr size_t kMaxLowerRoots = 64;

// A part of a container's root with lower layers of its own: the empty path for the root itself, or such as "usr".
struct LowerRoot {
  const char* path = "";
  std::span<UniqueFd> directories;  // topmost first
};

// Compares an overlay's upper directory with what lies below it and writes to `report`, for each path that differs, a
// letter, "d" for a directory or "f", the path and a NUL, separated by blanks. A: added. M: modified; a directory only
// when its mode or owners differ or when it replaces another. D: deleted. W: a white-out with nothing below it.
bool find_changes(int upper, std::span<const LowerRoot> roots, int report, const LayerOwners& owners, Failure& failure);

}  // namespace containerv
