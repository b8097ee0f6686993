#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <span>

#include "landlock.h"
#include "socket_broker.h"
#include "spawn_request.h"

namespace containerv {

enum class ChildStep : uint32_t {
  kNone,
  kStdio,
  kTerminal,
  kResourceLimit,
  kProcessors,
  kCapabilities,
  kUser,
  kWorkingDirectory,
  kFindCommand,
  kRuleset,
  kFilter,
  kExecute,
};

// Where a child says what stopped it. It lies in memory shared with process 1, because a filter may
// allow a process no system call to say it with.
struct ChildReport {
  ChildStep step;
  int error;
  pid_t command;  // behind a session leader; otherwise 0
  const char* syscall;  // a literal: both sides are one program
  char path[256];
  char detail[256];
  MissedPaths missed;  // of the process's own policy
};

// Descriptors that the child keeps until execve. `alive` and `stops` are ends of pipes to process 1, which
// knows that the report is final when nobody holds `alive` any more; `stops`, or -1, is for a session
// leader. `ruleset`, or -1, is the container's own for Landlock, which a process's own comes on top of. By `broker`, or -1,
// it joins the socket broker.
struct ChildPipes {
  int alive;
  int ruleset;
  int stops;
  int broker;
};

// BPF programs that judge files, besides Landlock or without it.
struct FilePrograms {
  bool judging;  // by the container's policy
  int policies;  // the map of processes' own; -1: there is none
};

// Runs in the forked child: takes on the identity and confinement asked for, then execve. `stdio`
// become descriptors 0, 1, 2, ..., closed where it is -1; everything else is closed but the pipes.
// `bounding_set` is init's. Never returns.
[[noreturn]] void run_child(const SpawnRequest& request, const Confinement& confinement, uint64_t bounding_set,
                            std::span<int> stdio, ChildPipes pipes, FilePrograms programs, const SocketBroker& broker,
                            ChildReport& report);

const char* step_name(ChildStep step);

}  // namespace containerv
