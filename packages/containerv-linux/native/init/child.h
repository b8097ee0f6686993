#pragma once

#include <stdint.h>

#include <span>

#include "spawn_request.h"

namespace containerv {

enum class ChildStep : uint32_t {
  kNone,
  kStdio,
  kTerminal,
  kResourceLimit,
  kCapabilities,
  kUser,
  kWorkingDirectory,
  kFindCommand,
  kFilter,
  kExecute,
};

// Where a child says what stopped it. It lies in memory shared with process 1, because a filter may
// allow a process no system call to say it with.
struct ChildReport {
  ChildStep step;
  int error;
  const char* syscall;  // a literal: both sides are one program
  char path[256];
  char detail[256];
};

// Runs in the forked child: takes on the identity and confinement asked for, then execve. `stdio`
// become descriptors 0, 1, 2, ...; everything else is closed but `alive`, which execve closes, so that
// its other end tells process 1 that the report is final. Never returns.
[[noreturn]] void run_child(const SpawnRequest& request, const Confinement& confinement, std::span<int> stdio,
                            int alive, ChildReport& report);

const char* step_name(ChildStep step);

}  // namespace containerv
