#pragma once

#include <stddef.h>

namespace containerv {

// What an executable is and how it begins, kept to explain why execve(2) refused it: a directory, a script
// whose interpreter is missing, a program for another architecture, no program at all.
class ProgramHeader {
 public:
  void read_from(const char* path);
  // Writes "directory", "interpreter /x/y", "machine N" or "format" for the error, or nothing. Makes no system
  // call: a filter is in force by then, which may kill for one.
  void explain(int error, char* text, size_t size) const;

 private:
  char bytes_[256] = {};
  size_t size_ = 0;
  bool directory_ = false;
};

}  // namespace containerv
