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

void print(int fd, const char* text);

}  // namespace containerv
