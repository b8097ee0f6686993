#pragma once

#include <sys/types.h>

#include <string>

namespace containerv {

struct IdMaps {
  std::string uid;  // as written to /proc/PID/uid_map; empty: no user namespace
  std::string gid;
  bool deny_setgroups = false;
  // Programs that write a map with ids which this process may not map itself (newuidmap(1)); empty: it writes it.
  std::string uid_helper;
  std::string gid_helper;
};

// Gives the user namespace of `pid` its maps. Nothing happens without one.
void map_ids(pid_t pid, const IdMaps& maps);

}  // namespace containerv
