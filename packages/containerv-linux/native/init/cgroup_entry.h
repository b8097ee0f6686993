#pragma once

#include <span>

#include "../common/unique_fd.h"
#include "failure.h"

namespace containerv {

// Moves this process into control groups by their `tasks` (v1) or `cgroup.procs` (v2) files, opened
// by who may. A single thread that moves itself through `tasks` needs no lock over all threads;
// moving a process from outside waits for an RCU grace period, several milliseconds
// (cgroup_procs_write_start in kernel/cgroup/cgroup.c).
bool enter_cgroups(std::span<UniqueFd> files, Failure& failure);

}  // namespace containerv
