#pragma once

#include <sys/types.h>

#include <span>

#include "../common/unique_fd.h"
#include "../common/wire.h"
#include "failure.h"

namespace containerv {

// Connects a container's network namespace to the host's by a program that needs no privileges on the host, pasta(1).
// The request is the program's path and its arguments, to which `--netns PATH` is added. Descriptors: the container's
// user namespace, its network namespace, and the read end of a pipe of which the container's init holds the other.
//
// Returns, when the connection is there, a child that guards the program: process 1 of a pid namespace, so that nothing
// of it outlives the guard, which ends with the program, or when the pipe says that init is gone. -1: it failed.
pid_t connect_network(WireReader& request, std::span<UniqueFd> fds, Failure& failure);

// Until the guard is gone, and so everything that it started. False: the program ended before init did.
bool await_guard(pid_t guard);

}  // namespace containerv
