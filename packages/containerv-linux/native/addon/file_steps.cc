#include "file_steps.h"

#include <cerrno>

#include "../common/wire.h"
#include "sys_error.h"

namespace containerv {
namespace {

FileStep read_step(WireReader& reader) {
  FileStep step{};
  const uint32_t kind = reader.u32();
  if (kind > static_cast<uint32_t>(FileStep::Kind::kOpaqueMarks)) reader.fail();
  step.kind = static_cast<FileStep::Kind>(kind);
  step.optional = reader.u32() != 0;
  step.mode = reader.u32();
  step.path = reader.text();
  step.text = reader.text();
  return step;
}

}  // namespace

std::vector<FileStep> decode_file_steps(std::span<const uint8_t> bytes) {
  constexpr size_t kSmallest = 3 * sizeof(uint32_t) + 2 * (sizeof(uint32_t) + 1);
  WireReader reader(bytes);
  std::vector<FileStep> steps;
  const uint32_t count = reader.count(kSmallest);
  steps.reserve(count);
  for (uint32_t i = 0; i < count; ++i) steps.push_back(read_step(reader));
  if (reader.finished()) return steps;
  errno = EBADMSG;
  fail("read file steps", "decode steps");
}

}  // namespace containerv
