#pragma once

#include <sys/types.h>

#include <string>

namespace containerv {

struct IdMaps {
  std::string uid;  // as written to /proc/PID/uid_map; empty: no user namespace
  std::string gid;
  bool deny_setgroups = false;
};

// Gives the user namespace of `pid` its maps. Nothing happens without one.
void map_ids(pid_t pid, const IdMaps& maps);

}  // namespace containerv
