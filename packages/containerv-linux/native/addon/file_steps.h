#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "file_batch.h"

namespace containerv {

// What src/file-steps.ts encodes. Throws a SysError for anything else, a NUL within a path included.
std::vector<FileStep> decode_file_steps(std::span<const uint8_t> bytes);

}  // namespace containerv
