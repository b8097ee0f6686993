#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../common/unique_fd.h"
#include "file_batch.h"
#include "id_maps.h"
#include "id_range.h"
#include "launcher.h"
#include "netlink.h"
#include "port_claim.h"
#include "source_tree.h"
#include "sys_error.h"

namespace containerv {

struct StartRequest {
  std::vector<FileStep> steps;  // nothing is left started when one that is not optional fails
  size_t steps_before_plan = 0;   // the others are run beside init,
  size_t steps_before_trees = 0;  // which waits for these before it builds the root
  int executable = -1;          // containerv-init, sealed
  int launch = -1;              // a process 1 begun already (begin_early), or -1
  int lock = -1;                // the state directory's lock, shared with init
  int lock_step = -1;           // or the step that takes it
  uint64_t namespaces = 0;      // CLONE_NEW*
  std::string state_directory;  // where the control socket is made
  IdMaps maps;
  std::string id_file;          // by which a range of ids is taken (id_range.h), which then is the map; or empty
  std::vector<IdRun> id_runs;
  std::vector<SourceTree> trees;  // what init gets as mapped mounts, in this order
  int cgroup = -1;                         // cgroup v2 directory, or -1
  int cgroup_step = -1;                    // or the step that opens it
  struct Tasks {
    std::string path;
    int step;  // entered only when that step was done; -1: always
  };
  std::vector<Tasks> cgroup_tasks;  // v1: `tasks` files for init to enter by
  std::string oom_score_adj;               // empty: inherited
  NetlinkProgram network;                  // the host's side, done before init is told the plan
  std::vector<PortClaim> ports;            // of the host, which init holds
  std::vector<uint8_t> user_network;       // a whole kWork message to a worker that connects its network, or empty
  std::vector<uint8_t> plan;               // a whole kPlan message

  // As the plan says (protocol.h, kEntersLate).
  [[nodiscard]] bool enters_late() const { return steps_before_plan < steps.size(); }
};

struct StartedInit {
  std::vector<FileResult> steps;
  Graveyard graveyard;
  pid_t pid = -1;  // -1: a step failed, and nothing is started
  UniqueFd pidfd;
  UniqueFd socket;  // the owner's end of the control socket, non-blocking
  Launched user_network;  // the worker, if there is one: it ends after init
  bool failed = false;
  SysError failure;  // what made the start itself fail; no process is left
};

// Prepares the host's side of a container, starts containerv-init in its namespaces, its maps and
// cgroups, and sends it the plan; what it answers comes over the socket. All in one turn: handing
// over between threads costs more than most of what is done.
StartedInit start_init(const StartRequest& request);

// After init has been waited for: its ids may be another container's.
void give_ids_back(pid_t pid);

}  // namespace containerv
