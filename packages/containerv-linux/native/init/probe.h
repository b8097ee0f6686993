#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "confinement.h"
#include "failure.h"

namespace containerv {

// A task that takes on the container's confinement and ends at once. As a zombie it still has its
// /proc/PID/status, which is what the kernel really enforces. It runs on our memory beside the
// building of the root, so it is made of raw system calls alone, and is looked at when that is done.
class Probe {
 public:
  Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe();

  // `confinement` must stay as it is until finish().
  bool start(const Confinement& confinement, Failure& failure);
  // Waits for it, copies its status to `text` and reaps it. `proc` shows our pid namespace.
  bool finish(int proc, char* text, size_t size, Failure& failure);

 private:
  static int run(void* probe);

  const Confinement* confinement_ = nullptr;
  const char* failed_ = nullptr;
  int error_ = 0;
  pid_t pid_ = -1;
};

}  // namespace containerv
