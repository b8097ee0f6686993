#include "cgroup_entry.h"

#include <unistd.h>

namespace containerv {

bool enter_cgroups(std::span<UniqueFd> files, Failure& failure) {
  for (const auto& file : files)
    if (write(file.get(), "0", 1) != 1) return failure.set("enter cgroup", "write");
  return true;
}

}  // namespace containerv
