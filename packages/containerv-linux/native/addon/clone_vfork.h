#pragma once

#include <sys/types.h>

#include <cstdint>

#include "../common/unique_fd.h"

namespace containerv {

struct CloneRequest {
  int (*child)(void*) = nullptr;
  void* argument = nullptr;
};

struct CloneResult {
  pid_t pid = -1;
  UniqueFd pidfd;  // empty before Linux 5.2
};

// Starts `child` in a process that borrows this one's memory until it executes a program or exits
// (CLONE_VM | CLONE_VFORK): the cost does not grow with the size of the caller. The calling thread
// waits; the others go on, so `child` may only make system calls. No signal is sent when it ends:
// wait for it with __WALL. Throws SysError.
CloneResult clone_vfork(const CloneRequest& request);

}  // namespace containerv
