#pragma once

#include <string>

#include "../common/unique_fd.h"

namespace containerv {

// v1: a descriptor that becomes readable when a memory control group is out of memory
// (Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control").
UniqueFd watch_oom(const std::string& directory);

}  // namespace containerv
