#pragma once

#include <stddef.h>

namespace containerv {

// The first bytes of an executable, kept to explain why execve(2) refused it: a script whose
// interpreter is missing, a program for another architecture, no program at all.
class ProgramHeader {
 public:
  void read_from(const char* path);
  // Writes "interpreter /x/y", "machine N" or "format" for the error, or nothing.
  void explain(int error, char* text, size_t size) const;

 private:
  char bytes_[256] = {};
  size_t size_ = 0;
};

}  // namespace containerv
