#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "../common/transfer/packer.h"
#include "../common/unique_fd.h"
#include "failure.h"

namespace containerv {

class Client;

// What a process wrote, for whoever asks later: the newest bytes of its pipe, in a ring. Nobody who reads holds up who
// writes, and nobody who writes holds up process 1: a pipe is read when there is something in it, one piece a turn.
class Log {
 public:
  static constexpr uint64_t kMaxPiece = 32 * 1024;
  static constexpr uint32_t kMaxWaiters = 64;

  // Who asked for more than there was.
  struct Waiter {
    Client* client;
    uint32_t request;
    uint64_t position;
  };

  Log(uint32_t number, uint8_t* ring, uint64_t capacity, UniqueFd pipe)
      : number(number), pipe_(static_cast<UniqueFd&&>(pipe)), ring_(ring), capacity_(capacity) {}
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();

  [[nodiscard]] int pipe() const { return pipe_.get(); }
  // All who could write have ended.
  [[nodiscard]] bool ended() const { return !pipe_; }
  // Takes one piece of what is in the pipe. False at its end, which the caller answers with end().
  bool take();
  void end() { pipe_.reset(); }
  [[nodiscard]] bool has(uint64_t position) const { return position < written_; }
  // Packs where the piece starts, which is later than `position` when that is overwritten, whether there will be more,
  // and the piece.
  void pack(uint64_t position, transfer::Packer& into) const;

  bool wait(Waiter waiter);
  // The next who can be answered now, or false.
  bool next_waiter(Waiter& waiter);
  void forget(const Client* client);
  void forget(const Client* client, uint32_t request);

  const uint32_t number;
  pid_t pid = 0;
  Log* next = nullptr;

 private:
  UniqueFd pipe_;
  uint8_t* ring_;
  uint64_t capacity_;
  uint64_t written_ = 0;
  Waiter waiters_[kMaxWaiters];
  uint32_t waiting_ = 0;
};

class LogTable {
 public:
  static constexpr uint64_t kLeastBytes = 4096;
  static constexpr uint64_t kMostBytes = 64 * 1024 * 1024;
  // When there are as many, the oldest of those that have ended makes room.
  static constexpr uint32_t kMaxLogs = 64;

  // A new one, and the end of its pipe to be written to; null with a failure.
  Log* open(uint64_t bytes, UniqueFd& writer, Failure& failure);
  [[nodiscard]] Log* find(uint32_t number) const;
  // The newest of a process; of process 0, the only one that there is. Null with a failure.
  Log* of_process(pid_t pid, Failure& failure) const;
  [[nodiscard]] Log* first() const { return first_; }
  void remove(Log* log);

 private:
  Log* first_ = nullptr;  // newest first
  uint32_t count_ = 0;
  uint32_t numbers_ = 0;
};

}  // namespace containerv
