#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "../common/unique_fd.h"

namespace containerv {

// Process 1 of a container to be: it waits for its plan.
struct Launched {
  pid_t pid = -1;  // our child, to be waited for with __WALL
  UniqueFd pidfd;  // empty before Linux 5.2
  UniqueFd socket;  // our end of its control socket; when it is closed, the process ends
};

struct LaunchRequest {
  int executable = -1;      // a sealed copy of containerv-init, for the launcher
  uint64_t namespaces = 0;  // CLONE_NEW*
  int cgroup = -1;          // a v2 directory to be born in
};

// A process 1 that the launcher (init/launcher.h) clones meanwhile.
class Launching {
 public:
  Launching() = default;
  // `socket`: what begin_early() gave.
  Launching(UniqueFd socket, const LaunchRequest& request);
  Launching(Launching&&) = default;
  Launching& operator=(Launching&&) = default;
  Launching(const Launching&) = delete;
  Launching& operator=(const Launching&) = delete;
  ~Launching();  // ends what was begun and not finished

  Launched finish();  // Throws SysError.

 private:
  bool receive(Launched& launched);

  UniqueFd socket_;  // our end of the control socket
  std::shared_ptr<const UniqueFd> launcher_;
  LaunchRequest request_;
};

// Asks this process's launcher, which is started on first use, without copying this process's
// address space, and again when it was killed. From any thread. Throws SysError.
Launching begin_launch(const LaunchRequest& request);

// The same from the thread that must not wait: empty when there is no launcher yet.
UniqueFd begin_early(uint64_t namespaces);

// Ends and reaps a child of ours; nothing happens for -1.
void end_child(pid_t pid);

}  // namespace containerv
