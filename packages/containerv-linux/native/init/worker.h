#pragma once

#include "client.h"

namespace containerv {

// What a clone of the launcher does whose first message is kWork and not kPlan: work on a container's files on the
// host, in the container's user namespace where files belong to ids of that, and otherwise as who started it. It
// answers with kDone or kFailed and ends, after a connection of a network only with that. Returns the exit status.
int work(int driver, Message& message);

}  // namespace containerv
