#pragma once

#include <stdint.h>

#include <span>

#include "command_line.h"

namespace containerv {

struct SpawnExtras {
  uint32_t flags;
  uint32_t columns;
  uint32_t rows;
};

inline constexpr uint32_t kSpawnRequest = 1;

// The kSpawnJoined message for a command line; empty when it is larger than a message may be. What it
// leaves open, init takes from the container.
std::span<const uint8_t> encode_spawn(const CommandLine& line, char** environment, SpawnExtras extras);

}  // namespace containerv
