#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../common/unique_fd.h"

namespace containerv {

// A port of the host that leads into a container.
struct PortClaim {
  std::vector<uint8_t> address;  // 4 or 16 bytes; empty: every address of the host
  uint16_t port = 0;
  bool udp = false;
  std::string name;  // for people
};

// A socket bound to the port, which nobody reads: as long as it is open no other program and no other
// container gets that port, and the kernel gives it back however its holder ends.
UniqueFd claim_port(const PortClaim& claim);

}  // namespace containerv
