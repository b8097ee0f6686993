#include "observer_plan.h"

#include "../common/wire.h"
#include "sys_error.h"

namespace containerv {
namespace {

CallShape read_call(WireReader& reader) {
  CallShape shape;
  for (auto& mask : shape.masks) mask = reader.u64();
  shape.zero_only = reader.u32();
  return shape;
}

PathShape read_path(WireReader& reader) {
  PathShape shape;
  const uint32_t kind = reader.u32();
  if (kind > static_cast<uint32_t>(PathShape::Kind::kSocketAddress)) reader.fail();
  shape.kind = static_cast<PathShape::Kind>(kind);
  for (int32_t* argument : {&shape.directory, &shape.path, &shape.flags, &shape.when}) {
    *argument = reader.i32();
    if (*argument < -1 || *argument > 5) reader.fail();
  }
  if (shape.path < 0) reader.fail();
  shape.flags_in_memory = reader.u32() != 0;
  shape.no_follow = reader.u64();
  shape.when_mask = reader.u64();
  return shape;
}

}  // namespace

ObserverPlan ObserverPlan::decode(std::span<const uint8_t> bytes) {
  WireReader reader(bytes);
  // The header that every message has.
  reader.u32();
  reader.u32();
  ObserverPlan plan;
  plan.answers = FilterProgram(reader.bytes());
  const uint32_t calls = reader.count(56);
  for (uint32_t i = 0; i < calls; ++i) {
    const int number = reader.i32();
    plan.calls[number] = read_call(reader);
  }
  const uint32_t paths = reader.count(44);
  for (uint32_t i = 0; i < paths; ++i) {
    const int number = reader.i32();
    plan.paths[number].push_back(read_path(reader));
  }
  if (reader.finished()) return plan;
  errno = EBADMSG;
  fail("observe system calls", "decode plan");
}

}  // namespace containerv
