#pragma once

#include <asm/termbits.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/unique_fd.h"

namespace containerv {

bool is_terminal(int fd);

struct TerminalSize {
  uint16_t rows;
  uint16_t columns;
  uint16_t unused[2];
};
TerminalSize terminal_size();

// This program's terminal, joined to the command's own, keys, size and all. The command never has this
// one, into which it could type (TIOCSTI) and at which it could listen when it has ended.
class AttachedTerminal {
 public:
  AttachedTerminal() = default;
  AttachedTerminal(const AttachedTerminal&) = delete;
  AttachedTerminal& operator=(const AttachedTerminal&) = delete;
  ~AttachedTerminal() { suspend(); }

  void attach(UniqueFd master);
  [[nodiscard]] bool attached() const { return attached_; }
  // Takes the keys, unless another job of the shell has the terminal.
  void resume();
  // Gives the terminal back as it was.
  void suspend();
  void resize();

  // What to wait for, -1 when nothing is to be had there now.
  [[nodiscard]] int keys() const { return raw_ && pending_ == 0 && !keys_ended_ ? 0 : -1; }
  [[nodiscard]] int master() const { return master_.get(); }
  [[nodiscard]] bool has_pending() const { return pending_ > 0; }
  void read_keys();
  void write_keys();
  // What the command has written, without waiting for more. False: nothing was there.
  bool copy_output();

 private:
  UniqueFd master_;
  bool attached_ = false;
  bool raw_ = false;
  bool keys_ended_ = false;
  termios saved_{};
  uint8_t keys_[4096];
  size_t pending_ = 0;
  size_t written_ = 0;
};

}  // namespace containerv
