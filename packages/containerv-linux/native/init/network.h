#pragma once

#include "../common/wire.h"
#include "failure.h"

namespace containerv {

// One operation of the plan: sends the netlink messages it brings in our network namespace, of which we
// are the only process that may (kOpNetlink). Nothing else of the container runs yet.
bool configure_network(WireReader& plan, Failure& failure);

}  // namespace containerv
