#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "../common/unique_fd.h"
#include "child.h"

namespace containerv {

class Client;

// A process that a client started and process 1 has not reaped.
struct Process {
  Process* next = nullptr;
  pid_t pid = -1;        // our child: what is reaped
  pid_t command = -1;    // what the client knows: the same, but behind a session leader its child
  uint32_t request = 0;
  Client* client = nullptr;  // null once it is gone
  bool survives_client = false;
  bool job_control = false;
  UniqueFd stops;             // a session leader tells here that the command was stopped
  UniqueFd alive;             // end of file: execve done, or the child is dead
  UniqueFd terminal;          // the pty's master until it is handed over
  ChildReport* report = nullptr;
};

// Processes, and the shared memory in which they report a failed start.
class ProcessTable {
 public:
  // False with errno when there is no memory.
  bool open();
  // A record with a cleared report, or null with errno.
  Process* add();
  void remove(Process* process);
  [[nodiscard]] Process* first() const { return first_; }
  [[nodiscard]] Process* find(pid_t pid) const;
  [[nodiscard]] Process* find_command(pid_t pid) const;
  [[nodiscard]] uint32_t size() const { return size_; }

 private:
  static constexpr uint32_t kMaxStarting = 4096;
  ChildReport* reports_ = nullptr;
  // Free slots as a stack: the same few pages are used again and again.
  uint16_t free_[kMaxStarting];
  uint32_t free_count_ = 0;
  Process* first_ = nullptr;
  uint32_t size_ = 0;

 public:
  // The slot can serve the next start; the report must not be used again.
  void release_report(Process* process);
};

}  // namespace containerv
