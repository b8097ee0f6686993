#include "spawn_request.h"

#include <stdlib.h>
#include <string.h>

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

size_t count_of(char** strings) {
  size_t count = 0;
  while (strings[count]) ++count;
  return count;
}

bool names_same(const char* one, const char* other) {
  const size_t size = strcspn(one, "=");
  return strncmp(one, other, size) == 0 && other[size] == '=';
}

bool read_limits(WireReader& reader, ResourceLimit* limits, uint32_t& count) {
  count = reader.count(20);
  if (count > SpawnDefaults::kMaxLimits) return count = 0, false;
  for (uint32_t i = 0; i < count; ++i) limits[i] = {reader.u32(), reader.u64(), reader.u64()};
  return true;
}

// Whole words, as sched_setaffinity(2) counts.
std::span<const uint8_t> read_processors(WireReader& reader) {
  const auto mask = reader.bytes();
  if (mask.size() % sizeof(uint64_t) != 0 || mask.size() > SpawnDefaults::kMaxProcessorBytes) reader.fail();
  return mask;
}

}  // namespace

bool SpawnDefaults::decode(WireReader& reader) {
  cwd = reader.text();
  user = read_user(reader);
  if (!read_limits(reader, limits, limit_count)) return false;
  processors = read_processors(reader);
  environment = read_strings(reader);
  return reader.ok() && environment;
}

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
  if (!read_limits(reader, limits, limit_count)) return false;
  processors = read_processors(reader);
  own_confinement = reader.u32() != 0;
  if (own_confinement) {
    confinement = read_confinement(reader);
    own_policy = reader.u64();
  }
  if (flags & protocol::kObserved) observer_pass = reader.u64();
  arguments = read_strings(reader);
  environment = read_strings(reader);
  return reader.finished() && arguments && environment && arguments[0];
}

bool SpawnRequest::complete(const SpawnDefaults& defaults) {
  if (cwd[0] == 0) cwd = defaults.cwd;
  if (user.kind == protocol::kUserDefault) user = defaults.user;
  if (processors.empty()) processors = defaults.processors;
  const uint32_t own = limit_count;
  for (uint32_t i = 0; i < defaults.limit_count; ++i) {
    bool named = false;
    for (uint32_t j = 0; j < own; ++j) named |= limits[j].resource == defaults.limits[i].resource;
    if (named) continue;
    if (limit_count == kMaxLimits) return false;
    limits[limit_count++] = defaults.limits[i];
  }
  char** merged = static_cast<char**>(calloc(count_of(defaults.environment) + count_of(environment) + 1, sizeof(char*)));
  if (!merged) return false;
  size_t count = 0;
  for (char** inherited = defaults.environment; *inherited; ++inherited) {
    bool named = false;
    for (char** entry = environment; *entry && !named; ++entry) named = names_same(*entry, *inherited);
    if (!named) merged[count++] = *inherited;
  }
  for (char** entry = environment; *entry; ++entry) merged[count++] = *entry;
  free(environment);
  environment = merged;
  return true;
}

}  // namespace containerv
