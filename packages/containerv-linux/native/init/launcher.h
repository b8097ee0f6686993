#pragma once

#include "../common/unique_fd.h"

namespace containerv {

// One launcher serves one driver process. It starts each container's process 1 by cloning itself:
// executing a program anew would cost a good part of what a whole container does, and cloning the
// driver, which may have gigabytes resident, far more. Returns in the clone only, with its control
// socket; the launcher itself ends when the driver does.
UniqueFd launch(UniqueFd driver);

}  // namespace containerv
