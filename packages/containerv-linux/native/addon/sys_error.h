#pragma once

#include <errno.h>

#include <string>
#include <utility>

namespace containerv {

// A system call that failed. It becomes a JavaScript error with `syscall`, `errno`, `code`, `path` and `step`.
struct SysError {
  std::string step;
  std::string syscall;
  int error = 0;
  std::string path;
};

[[noreturn]] inline void fail(std::string step, std::string syscall, std::string path = "") {
  throw SysError{std::move(step), std::move(syscall), errno, std::move(path)};
}

}  // namespace containerv
