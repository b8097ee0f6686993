#pragma once

#include <windows.h>

namespace containerv {

struct ConsoleSize {
  unsigned short rows, columns;
  bool operator==(const ConsoleSize&) const = default;
};

// The modes of this program's console, put back when it ends.
class Console {
 public:
  // Remembers the modes. Whether there is a console at input and at output: then the command gets one of its own. In a
  // pipeline the console belongs to its other commands too, which would miss the keys that we take.
  Console(HANDLE input, HANDLE output);
  ~Console() { restore(); }
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  [[nodiscard]] bool is_terminal() const { return terminal_; }
  // Hands every key on, Ctrl-C as well, and takes what the command writes as a terminal would.
  void make_raw();
  void restore();
  [[nodiscard]] ConsoleSize size() const;

 private:
  HANDLE input_, output_;
  DWORD input_mode_ = 0, output_mode_ = 0;
  bool terminal_ = false;
};

}  // namespace containerv
