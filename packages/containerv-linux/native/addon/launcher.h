#pragma once

#include <sys/types.h>

#include <cstdint>

#include "../common/unique_fd.h"

namespace containerv {

// Process 1 of a container to be: it waits for its plan.
struct Launched {
  pid_t pid = -1;  // our child, to be waited for with __WALL
  UniqueFd pidfd;  // empty before Linux 5.2
  UniqueFd socket;  // our end of its control socket; when it is closed, the process ends
};

// Has this process's launcher start a process 1 in namespaces (CLONE_NEW*) of its own, born in
// `cgroup`, a v2 directory, if that is one. The launcher (init/launcher.h) is started on first use
// from `executable`, a sealed copy of containerv-init, without copying this process's address
// space, and again if it was killed. From any thread. Throws SysError.
Launched launch_init(int executable, uint64_t namespaces, int cgroup);

}  // namespace containerv
