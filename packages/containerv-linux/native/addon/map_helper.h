#pragma once

#include <sys/types.h>

#include <string>

namespace containerv {

// Has newuidmap(1) or newgidmap(1), which `program` is, write `map` (lines "INSIDE OUTSIDE COUNT") for the user
// namespace of `pid`, a child of ours that nobody has waited for. Throws SysError: EPERM when it refuses.
void run_map_helper(const std::string& program, pid_t pid, const std::string& map);

}  // namespace containerv
