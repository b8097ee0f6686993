#pragma once

#include <sys/types.h>

#include "child.h"
#include "failure.h"

namespace containerv {

// A process that takes on the container's confinement and ends at once. As a zombie it still has
// its /proc/PID/status, which is what the kernel really enforces.
class Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe();

  bool start(const Confinement& confinement, Failure& failure);
  // Waits for it, copies its status to `text` and reaps it. `proc` shows our pid namespace.
  bool finish(int proc, char* text, size_t size, Failure& failure);

 private:
  ChildReport report_{};
  pid_t pid_ = -1;
};

}  // namespace containerv
