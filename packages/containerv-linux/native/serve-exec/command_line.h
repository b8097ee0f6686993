#pragma once

#include <stddef.h>
#include <stdint.h>

namespace containerv {

// One command line, as src/exec/request.ts of the package serve-exec reads it: the two have one grammar.
struct CommandLine {
  static constexpr size_t kMaxVariables = 4096;

  const char* container = nullptr;
  const char* path = nullptr;
  const char* wdir = nullptr;     // null: the container's
  const char* user = nullptr;     // null: the container's
  int64_t timeout_ms = 0;         // 0: never
  const char* variables[kMaxVariables];  // NAME=VALUE or NAME, in order
  size_t variable_count = 0;
  char** arguments = nullptr;     // null-terminated

  // False: `status` is what to exit with, everything has been said.
  bool parse(char** argv, int& status);

 private:
  bool take(const char* option, const char* value, int& status);
  bool check(char** rest, int& status);
};

// parseDuration() of containerv-api: digits with an optional fraction, and a unit. Rounded up to whole ms.
bool read_duration(const char* text, int64_t& ms);

}  // namespace containerv
