#include "spawn_message.h"

#include <string.h>

#include <initializer_list>

#include "../common/protocol.h"
#include "container_path.h"
#include "runtime.h"

namespace containerv {
namespace {

using namespace protocol;

constexpr size_t kMaxPath = 4096;
constexpr size_t kMaxPassed = 65536;

// The largest message, in memory that costs nothing until it is written to.
class Writer {
 public:
  void u32(uint32_t value) { append(&value, sizeof value); }
  void text(const char* value) {
    const size_t size = strlen(value) + 1;
    u32(static_cast<uint32_t>(size));
    append(value, size);
  }
  // 8 bytes of header are no part of the body.
  [[nodiscard]] std::span<const uint8_t> message() const {
    return full_ ? std::span<const uint8_t>{} : std::span<const uint8_t>{bytes_, size_};
  }

 private:
  void append(const void* data, size_t size) {
    if (full_ || size > sizeof bytes_ - size_) {
      full_ = true;
      return;
    }
    memcpy(bytes_ + size_, data, size);
    size_ += size;
  }
  uint8_t bytes_[8 + kMaxBody];
  size_t size_ = 0;
  bool full_ = false;
};

Writer writer;
// NAME=VALUE, of the host and of --env, in order.
const char* passed[kMaxPassed];

// As passedEnvironment() of the package serve-exec has it.
bool is_always_passed(const char* entry) {
  for (const char* name : {"TERM=", "LANG=", "LANGUAGE="})
    if (starts_with(entry, name)) return true;
  return starts_with(entry, "LC_");
}

size_t name_size(const char* entry) {
  size_t size = 0;
  while (entry[size] && entry[size] != '=') ++size;
  return size;
}

bool is_set_again(size_t at, size_t count) {
  const size_t size = name_size(passed[at]);
  for (size_t later = at + 1; later < count; ++later)
    if (name_size(passed[later]) == size && memcmp(passed[at], passed[later], size) == 0) return true;
  return false;
}

void write_environment(const CommandLine& line, char** environment) {
  size_t count = 0;
  for (char** entry = environment; *entry && count < kMaxPassed - CommandLine::kMaxVariables; ++entry)
    if (is_always_passed(*entry)) passed[count++] = *entry;
  for (size_t i = 0; i < line.variable_count; ++i) {
    const char* asked = line.variables[i];
    if (asked[name_size(asked)] == '=') {
      passed[count++] = asked;
    } else if (const char* value = variable(environment, asked)) {
      passed[count++] = value - name_size(asked) - 1;
    }
  }
  uint32_t kept = 0;
  for (size_t i = 0; i < count; ++i) kept += !is_set_again(i, count);
  writer.u32(kept);
  for (size_t i = 0; i < count; ++i)
    if (!is_set_again(i, count)) writer.text(passed[i]);
}

bool has_separator(const char* path) {
  for (; *path; ++path)
    if (*path == '/' || *path == '\\' || *path == ':') return true;
  return false;
}

}  // namespace

std::span<const uint8_t> encode_spawn(const CommandLine& line, char** environment, SpawnExtras extras) {
  static char file[kMaxPath + 2], directory[kMaxPath + 2];
  writer.u32(kSpawnJoined);
  writer.u32(kSpawnRequest);
  writer.u32(extras.flags);
  if (has_separator(line.path))
    map_into_container(line.path, file);
  else
    memcpy(file, line.path, strlen(line.path) + 1);
  if (line.wdir) map_into_container(line.wdir, directory);
  writer.text(file);
  writer.text(directory);
  writer.u32(line.user ? kUserName : kUserDefault);
  writer.u32(0);
  writer.u32(0);
  writer.text(line.user ? line.user : "");
  writer.u32(0);  // groups
  writer.u32(extras.columns);
  writer.u32(extras.rows);
  writer.u32(0);  // resource limits
  writer.u32(0);  // processors
  writer.u32(0);  // no confinement of its own
  uint32_t count = 1;
  for (char** argument = line.arguments; *argument; ++argument) ++count;
  writer.u32(count);
  writer.text(file);
  for (char** argument = line.arguments; *argument; ++argument) writer.text(*argument);
  write_environment(line, environment);
  return writer.message();
}

}  // namespace containerv
