#include "log_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace containerv {
namespace {

constexpr char kStep[] = "open log";

}  // namespace

Log::~Log() { munmap(ring_, capacity_); }

bool Log::take() {
  const uint64_t at = written_ % capacity_;
  const uint64_t room = capacity_ - at < kMaxPiece ? capacity_ - at : kMaxPiece;
  const ssize_t size = read(pipe_.get(), ring_ + at, room);
  if (size > 0) written_ += static_cast<uint64_t>(size);
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

void Log::pack(uint64_t position, transfer::Packer& into) const {
  const uint64_t oldest = written_ > capacity_ ? written_ - capacity_ : 0;
  const uint64_t from = position < oldest ? oldest : position > written_ ? written_ : position;
  const uint64_t at = from % capacity_;
  uint64_t size = written_ - from;
  if (size > capacity_ - at) size = capacity_ - at;
  if (size > kMaxPiece) size = kMaxPiece;
  into.u64(from);
  into.u32(!ended() || from + size < written_);
  into.bytes({ring_ + at, size});
}

bool Log::wait(Waiter waiter) {
  if (waiting_ == kMaxWaiters) return false;
  waiters_[waiting_++] = waiter;
  return true;
}

bool Log::next_waiter(Waiter& waiter) {
  for (uint32_t i = 0; i < waiting_; ++i) {
    if (!ended() && !has(waiters_[i].position)) continue;
    waiter = waiters_[i];
    waiters_[i] = waiters_[--waiting_];
    return true;
  }
  return false;
}

void Log::forget(const Client* client) {
  for (uint32_t i = 0; i < waiting_;) {
    if (waiters_[i].client == client)
      waiters_[i] = waiters_[--waiting_];
    else
      ++i;
  }
}

void Log::forget(const Client* client, uint32_t request) {
  for (uint32_t i = 0; i < waiting_; ++i)
    if (waiters_[i].client == client && waiters_[i].request == request) {
      waiters_[i] = waiters_[--waiting_];
      return;
    }
}

Log* LogTable::open(uint64_t bytes, UniqueFd& writer, Failure& failure) {
  if (bytes < kLeastBytes || bytes > kMostBytes) return failure.set(EINVAL, kStep, "mmap"), nullptr;
  if (count_ == kMaxLogs) {
    Log* oldest = nullptr;
    for (Log* log = first_; log; log = log->next)
      if (log->ended()) oldest = log;
    if (!oldest) return failure.set(EAGAIN, kStep, "mmap"), nullptr;
    remove(oldest);
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failure.set(kStep, "pipe2"), nullptr;
  UniqueFd reader(ends[0]);
  writer.reset(ends[1]);
  // Only ours: who writes blocks until there is room, as with any pipe.
  if (fcntl(reader.get(), F_SETFL, O_NONBLOCK) != 0) return failure.set(kStep, "fcntl"), nullptr;
  // Pages come as they are written.
  void* ring = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ring == MAP_FAILED) return failure.set(kStep, "mmap"), nullptr;
  auto* log = new (std::nothrow) Log(++numbers_, static_cast<uint8_t*>(ring), bytes, static_cast<UniqueFd&&>(reader));
  if (!log) {
    munmap(ring, bytes);
    return failure.set(ENOMEM, kStep, "mmap"), nullptr;
  }
  log->next = first_;
  first_ = log;
  ++count_;
  return log;
}

Log* LogTable::find(uint32_t number) const {
  for (Log* log = first_; log; log = log->next)
    if (log->number == number) return log;
  return nullptr;
}

Log* LogTable::of_process(pid_t pid, Failure& failure) const {
  if (pid != 0) {
    for (Log* log = first_; log; log = log->next)
      if (log->pid == pid) return log;
    failure.set(ENOENT, "read log", "read");
    return nullptr;
  }
  if (count_ == 1) return first_;
  failure.set(count_ == 0 ? ENOENT : EEXIST, "read log", "read");
  size_t used = 0;
  for (Log* log = first_; log && used < sizeof failure.detail - 16; log = log->next)
    used += static_cast<size_t>(snprintf(failure.detail + used, sizeof failure.detail - used, "%s%d", used ? " " : "", log->pid));
  return nullptr;
}

void LogTable::remove(Log* log) {
  for (Log** link = &first_; *link; link = &(*link)->next) {
    if (*link != log) continue;
    *link = log->next;
    --count_;
    delete log;
    return;
  }
}

}  // namespace containerv
