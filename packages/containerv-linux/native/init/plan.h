#pragma once

#include "../common/wire.h"
#include "confinement.h"
#include "socket_rules.h"
#include "spawn_request.h"

namespace containerv {

// The head of a kPlan message; the list of operations follows in the same reader.
struct Plan {
  uint32_t flags = 0;
  const char* staging = "";
  const char* hostname = "";
  const char* domainname = "";
  int64_t monotonic_offset_s = 0;
  int64_t boottime_offset_s = 0;
  Confinement confinement;
  SocketRules sockets;
  SpawnDefaults defaults;

  bool decode(WireReader& reader);
};

}  // namespace containerv
