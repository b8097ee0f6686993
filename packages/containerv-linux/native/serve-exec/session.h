#pragma once

#include "command_line.h"
#include "connection.h"
#include "system.h"
#include "terminal.h"

namespace containerv {

// From the spawn to the exit status: one job of this program and the command.
class Session {
 public:
  Session(const CommandLine& line, char** environment) : line_(line), environment_(environment) {}
  // The status to exit with.
  int run();

 private:
  bool start(int& status);
  void take_signals();
  bool serve_init(int& status);
  void serve_signals();
  void serve_deadline();
  void forward(int signal);
  void stop_with_command();
  void resume();
  void send_signal(int signal, bool whole_group);
  int conclude(uint32_t wait_status);
  int lost();

  const CommandLine& line_;
  char** environment_;
  Connection connection_;
  AttachedTerminal terminal_;
  sys::SignalSet caught_ = 0;
  UniqueFd signals_;
  int fillers_ = 0;  // bits of standard descriptors that were closed
  bool with_terminal_ = false;
  uint32_t pid_ = 0;  // 0: not started yet
  uint32_t last_request_ = 1;
  long deadline_ms_ = -1;
  bool timed_out_ = false;
};

}  // namespace containerv
