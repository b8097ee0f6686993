#include "process_table.h"

#include <errno.h>
#include <sys/mman.h>

#include <new>

namespace containerv {

bool ProcessTable::open() {
  void* memory = mmap(nullptr, kMaxStarting * sizeof(ChildReport), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                      -1, 0);
  if (memory == MAP_FAILED) return false;
  reports_ = static_cast<ChildReport*>(memory);
  for (uint32_t i = 0; i < kMaxStarting; ++i) free_[i] = static_cast<uint16_t>(kMaxStarting - 1 - i);
  free_count_ = kMaxStarting;
  return true;
}

Process* ProcessTable::add() {
  if (free_count_ == 0) return errno = EAGAIN, nullptr;
  auto* process = new (std::nothrow) Process();
  if (!process) return errno = ENOMEM, nullptr;
  process->report = &reports_[free_[--free_count_]];
  *process->report = {};
  process->next = first_;
  first_ = process;
  ++size_;
  return process;
}

void ProcessTable::release_report(Process* process) {
  if (!process->report) return;
  free_[free_count_++] = static_cast<uint16_t>(process->report - reports_);
  process->report = nullptr;
}

void ProcessTable::remove(Process* process) {
  release_report(process);
  for (Process** link = &first_; *link; link = &(*link)->next) {
    if (*link != process) continue;
    *link = process->next;
    --size_;
    delete process;
    return;
  }
}

Process* ProcessTable::find(pid_t pid) const {
  for (Process* process = first_; process; process = process->next)
    if (process->pid == pid) return process;
  return nullptr;
}

Process* ProcessTable::find_command(pid_t pid) const {
  for (Process* process = first_; process; process = process->next)
    if (process->command == pid) return process;
  return nullptr;
}

}  // namespace containerv
