#pragma once

#include <stddef.h>

namespace containerv {

// A bounded line of text. What does not fit is cut; control characters become spaces.
class Line {
 public:
  Line& add(const char* text);
  Line& add(long number);
  [[nodiscard]] const char* text() const { return text_; }
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  char text_[8192] = {};
  size_t size_ = 0;
  bool cut_ = false;
};

// `serve-exec: WHAT` and what to do about it, on stderr. Returns `status`.
int complain(const Line& what, int status = 125);
int complain(const char* what, int status = 125);

// To standard output (1) or standard error (2); each system has its own.
void print(int fd, const char* text);
// The path of this program and a line end, to standard output.
void print_own_path();

}  // namespace containerv
