#pragma once

#include "../common/unique_fd.h"
#include "failure.h"

namespace containerv {

// What a clone begins with.
struct Launch {
  UniqueFd owner;     // its control socket
  Failure loopback;  // why that cannot be raised in its network namespace, if it has one of its own
};

// One launcher serves one driver process. It starts each container's process 1 by cloning itself:
// executing a program anew would cost a good part of what a whole container does, and cloning the
// driver, which may have gigabytes resident, far more. Returns in the clone only, after what needs no
// plan; the launcher itself ends when the driver does.
Launch launch(UniqueFd driver);

}  // namespace containerv
