#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace containerv {

// One request to the kernel in the network namespace of this program; src/netlink builds the messages.
struct NetlinkExchange {
  std::string step;  // what failed, when it fails
  int protocol = 0;  // NETLINK_ROUTE, NETLINK_NETFILTER
  std::vector<uint8_t> messages;
  std::vector<uint32_t> pid_offsets;  // where the id of the container's init has to be put, 4 bytes
  std::vector<int> tolerated;         // positive errno values that are not failures
  bool last_when_answered = false;    // when the kernel has something to list, the rest is left out
};

// Exchanges in order, under a lock of all programs on this machine.
struct NetlinkProgram {
  std::string lock;  // a file; empty: none
  bool exclusive = false;
  std::vector<NetlinkExchange> exchanges;
};

struct NetlinkResult {
  std::vector<uint8_t> replies;
  int error = 0;  // a tolerated one
};

// Throws SysError for the first failure. Results of exchanges that were left out are missing.
std::vector<NetlinkResult> run_netlink(const NetlinkProgram& program, pid_t init);

}  // namespace containerv
