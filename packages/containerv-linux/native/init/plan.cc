#include "plan.h"

#include "../common/protocol.h"

namespace containerv {

bool Plan::decode(WireReader& reader) {
  if (reader.u32() != protocol::kVersion) reader.fail();
  flags = reader.u32();
  staging = reader.text();
  hostname = reader.text();
  domainname = reader.text();
  monotonic_offset_s = static_cast<int64_t>(reader.u64());
  boottime_offset_s = static_cast<int64_t>(reader.u64());
  confinement = read_confinement(reader);
  if (!sockets.decode(reader)) return false;
  return defaults.decode(reader);
}

}  // namespace containerv
