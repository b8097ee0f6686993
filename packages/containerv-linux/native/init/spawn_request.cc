#include "spawn_request.h"

#include <stdlib.h>

#include "../common/protocol.h"

namespace containerv {
namespace {

char** read_strings(WireReader& reader) {
  const uint32_t count = reader.count(5);
  if (count > SpawnRequest::kMaxArguments) reader.fail();
  if (!reader.ok()) return nullptr;
  char** strings = static_cast<char**>(calloc(count + 1, sizeof(char*)));
  for (uint32_t i = 0; strings && i < count; ++i) strings[i] = const_cast<char*>(reader.text());
  return strings;
}

}  // namespace

SpawnRequest::~SpawnRequest() {
  free(arguments);
  free(environment);
}

bool SpawnRequest::decode(WireReader& reader) {
  flags = reader.u32();
  file = reader.text();
  cwd = reader.text();
  user = read_user(reader);
  columns = reader.u32();
  rows = reader.u32();
  limit_count = reader.count(20);
  if (limit_count > kMaxLimits) return false;
  for (uint32_t i = 0; i < limit_count; ++i) limits[i] = {reader.u32(), reader.u64(), reader.u64()};
  own_confinement = reader.u32() != 0;
  if (own_confinement) confinement = read_confinement(reader);
  arguments = read_strings(reader);
  environment = read_strings(reader);
  return reader.finished() && arguments && environment && arguments[0];
}

}  // namespace containerv
