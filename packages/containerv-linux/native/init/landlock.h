#pragma once

#include <stdint.h>

#include <span>

#include "../common/unique_fd.h"
#include "failure.h"

namespace containerv {

// A Landlock ruleset (landlock(7)) on its way into the kernel: which rights it handles, then rules for
// paths and for ports. The driver has chosen the rights for this kernel's ABI; one that the kernel does
// not know fails, so nothing is left out unseen. `src/landlock/write-ruleset.ts` writes it.

// Positions of path rules that gave nothing, in the order of the rules, as decimal numbers.
struct MissedPaths {
  char text[256] = {};
  // What no longer fits is told as "...".
  void add(uint32_t position);
};

// Empty with errno 0 in `failure.error` for an empty description: no ruleset is wanted. Paths are
// resolved below `root`, an O_PATH descriptor; a path that leads nowhere allows
// nothing, unless its rule is required. A rule that somebody named follows links; one of a base policy
// does not, or who made the root could lead it to what nobody meant to allow.
UniqueFd make_ruleset(std::span<const uint8_t> description, int root, MissedPaths& missed, Failure& failure);

// Confines the calling task, which must have no_new_privs. 0 or -errno; leaves errno alone.
int restrict_self(int ruleset);

// The kernel's Landlock ABI if a task under the ruleset is really denied what no rule of it allows, else
// 0; -1 when that cannot be found out. `outside` is a directory that is not below the root.
int ruleset_in_force(int ruleset, std::span<const uint8_t> description, int outside, Failure& failure);

}  // namespace containerv
