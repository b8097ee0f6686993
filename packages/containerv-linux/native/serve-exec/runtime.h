#pragma once

// What of a C library this program needs. It has none: starting a static one costs as much as all the
// rest of a run (on a virtual machine its many CPUID instructions are the host's to answer).

#include <stddef.h>
#include <stdint.h>

namespace containerv {

// Starts at the kernel's own entry; `environment` is null-terminated.
int run(int argc, char** argv, char** environment);

[[noreturn]] void exit_now(int status);

inline bool same(const char* one, const char* other) {
  while (*one && *one == *other) ++one, ++other;
  return *one == *other;
}

inline bool starts_with(const char* text, const char* prefix) {
  while (*prefix && *text == *prefix) ++text, ++prefix;
  return *prefix == 0;
}

// The value of a variable, or null.
const char* variable(char** environment, const char* name);

}  // namespace containerv
