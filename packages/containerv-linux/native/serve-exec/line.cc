#include "line.h"

namespace containerv {

Line& Line::add(const char* text) {
  for (; *text; ++text) {
    // One place is the terminating NUL's.
    if (size_ + 1 == sizeof text_) return cut_ = true, *this;
    const auto byte = static_cast<unsigned char>(*text);
    text_[size_++] = byte < 0x20 || byte == 0x7f ? ' ' : *text;
  }
  return *this;
}

Line& Line::add(long number) {
  char digits[24];
  size_t at = sizeof digits - 1;
  digits[at] = 0;
  unsigned long rest = number < 0 ? 0UL - static_cast<unsigned long>(number) : static_cast<unsigned long>(number);
  do digits[--at] = static_cast<char>('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (number < 0) digits[--at] = '-';
  return add(digits + at);
}

int complain(const Line& what, int status) { return complain(what.text(), status); }

int complain(const char* what, int status) {
  Line line;
  line.add("serve-exec: ").add(what);
  print(2, line.text());
  print(2, "\n");
  return status;
}

}  // namespace containerv
