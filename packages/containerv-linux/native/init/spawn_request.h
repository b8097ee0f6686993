#pragma once

#include <stddef.h>
#include <stdint.h>

#include "confinement.h"

namespace containerv {

struct ResourceLimit {
  uint32_t resource;
  uint64_t soft;
  uint64_t hard;
};

// What a process that joins starts from: the container's own. Strings point into the plan.
struct SpawnDefaults {
  static constexpr size_t kMaxLimits = 32;
  static constexpr size_t kMaxProcessorBytes = 8192;

  const char* cwd = "/";
  UserSpec user;
  ResourceLimit limits[kMaxLimits];
  uint32_t limit_count = 0;
  std::span<const uint8_t> processors;
  char** environment = nullptr;  // null-terminated, never freed: as long-lived as the container

  bool decode(WireReader& reader);
};

// One decoded kSpawn message. Strings point into the message, which must outlive it.
struct SpawnRequest {
  static constexpr size_t kMaxArguments = 65536;
  static constexpr size_t kMaxLimits = SpawnDefaults::kMaxLimits;

  uint32_t flags = 0;
  const char* file = "";
  const char* cwd = "/";
  UserSpec user;
  char** arguments = nullptr;    // null-terminated
  char** environment = nullptr;  // null-terminated
  uint32_t columns = 0;
  uint32_t rows = 0;
  // Not 0: the process is observed (observed_filter.h), and its last descriptor is where the observer listens.
  uint64_t observer_pass = 0;
  ResourceLimit limits[kMaxLimits];
  uint32_t limit_count = 0;
  std::span<const uint8_t> processors;  // a mask for sched_setaffinity(2); empty: as init's
  bool own_confinement = false;
  Confinement confinement;
  uint64_t own_policy = 0;  // not 0: what BPF programs know the file rules of that confinement by

  SpawnRequest() = default;
  SpawnRequest(const SpawnRequest&) = delete;
  SpawnRequest& operator=(const SpawnRequest&) = delete;
  ~SpawnRequest();

  // False when the message is malformed or there is no memory for it.
  bool decode(WireReader& reader);
  // What the message leaves open is the container's: an empty cwd, no user, limits and variables not
  // named. False when there is no memory for it.
  bool complete(const SpawnDefaults& defaults);
};

}  // namespace containerv
