#include "console.h"

// Not in every SDK.
#ifndef DISABLE_NEWLINE_AUTO_RETURN
#define DISABLE_NEWLINE_AUTO_RETURN 0x0008
#endif

namespace containerv {

Console::Console(HANDLE input, HANDLE output) : input_(input), output_(output) {
  terminal_ = input_ && output_ && GetConsoleMode(input_, &input_mode_) && GetConsoleMode(output_, &output_mode_);
}

void Console::make_raw() {
  if (!terminal_) return;
  SetConsoleMode(input_, ENABLE_VIRTUAL_TERMINAL_INPUT);
  SetConsoleMode(output_, ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING | DISABLE_NEWLINE_AUTO_RETURN);
}

void Console::restore() {
  if (!terminal_) return;
  SetConsoleMode(input_, input_mode_);
  SetConsoleMode(output_, output_mode_);
}

ConsoleSize Console::size() const {
  CONSOLE_SCREEN_BUFFER_INFO info = {};
  const auto within = [](int value, unsigned short otherwise) {
    return value > 0 ? static_cast<unsigned short>(value) : otherwise;
  };
  if (!GetConsoleScreenBufferInfo(output_, &info)) return {24, 80};
  return {within(info.srWindow.Bottom - info.srWindow.Top + 1, 24), within(info.srWindow.Right - info.srWindow.Left + 1, 80)};
}

}  // namespace containerv
