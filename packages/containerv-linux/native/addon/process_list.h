#pragma once

#include <string>
#include <vector>

namespace containerv {

// One process as procfs shows it. What it says of itself (its name, its arguments) is hostile.
struct ProcessRecord {
  int pid = 0;          // as this process numbers it
  std::string stat;     // proc_pid_stat(5)
  std::string status;   // proc_pid_status(5)
  std::string cmdline;  // the first bytes of its arguments, each with its NUL
};

struct ProcessList {
  std::vector<ProcessRecord> processes;
  std::string uid_map;  // of the container's init (user_namespaces(7))
  std::string passwd;   // the container's /etc/passwd; empty when it cannot be read
};

struct ListRequest {
  int init;                         // its pid
  std::string id;                   // the container's
  std::vector<std::string> groups;  // `cgroup.procs` files that have its processes; none: those that descend from init
};

ProcessList list_processes(const ListRequest& request);

// Files that are kept open, each read from its start. What cannot be read is empty.
std::vector<std::string> read_all(const std::vector<int>& fds);

}  // namespace containerv
