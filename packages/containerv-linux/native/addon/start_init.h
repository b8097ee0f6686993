#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../common/unique_fd.h"

namespace containerv {

struct StartRequest {
  int executable = -1;          // containerv-init, sealed
  int lock = -1;                // the state directory's lock, shared with init
  uint64_t namespaces = 0;      // CLONE_NEW*
  std::string state_directory;  // where the control socket is made
  std::string uid_map;          // as written to /proc/PID/uid_map; empty: no user namespace
  std::string gid_map;
  bool deny_setgroups = false;
  int cgroup = -1;                         // cgroup v2 directory, or -1
  std::vector<std::string> cgroup_tasks;   // v1: `tasks` files for init to enter by
  std::string oom_score_adj;               // empty: inherited
  std::vector<uint8_t> plan;               // a whole kPlan message
};

struct StartedInit {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd socket;  // the owner's end of the control socket, non-blocking
};

// Starts containerv-init in its namespaces, its maps and cgroups, and sends it the plan; what it
// answers comes over the socket. Throws SysError, and then no process is left.
StartedInit start_init(const StartRequest& request);

}  // namespace containerv
