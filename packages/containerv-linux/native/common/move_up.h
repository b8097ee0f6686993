#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#endif

namespace containerv {

// Who removes a tree holds a directory open for each level on its way down, and a container can nest further than there
// are descriptors: what lies deeper than this is moved to the top first.
inline constexpr int kMaxRemovalDepth = 32;

// Moves `name` to `top`, by a name that nothing has there: the container may have thought of ours. `moved` counts them.
// False with errno.
inline bool move_up(int parent, const char* name, int top, unsigned& moved) {
  for (;;) {
    char to[32];
    snprintf(to, sizeof to, ".removed-%u", ++moved);
    if (syscall(SYS_renameat2, parent, name, top, to, RENAME_NOREPLACE) == 0) return true;
    // A file system that cannot promise it replaces at most an empty directory.
    if (errno == EINVAL && renameat(parent, name, top, to) == 0) return true;
    if (errno != EEXIST && errno != ENOTEMPTY) return false;
  }
}

}  // namespace containerv
