#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>

namespace containerv {

// What went wrong, told to the driver word for word: the step, the system call, errno and the path.
struct Failure {
  char step[64] = {};
  const char* syscall = "";
  int error = 0;
  char path[1024] = {};
  char detail[512] = {};

  // Returns false so that a failing function can end with `return failure.set(...)`.
  bool set(const char* failed_step, const char* failed_syscall, const char* failed_path = "") {
    return set(errno, failed_step, failed_syscall, failed_path);
  }
  bool set(int failed_error, const char* failed_step, const char* failed_syscall, const char* failed_path = "") {
    snprintf(step, sizeof step, "%s", failed_step);
    syscall = failed_syscall;
    error = failed_error;
    snprintf(path, sizeof path, "%.*s", static_cast<int>(sizeof path - 1), failed_path);
    return false;
  }
};

}  // namespace containerv
