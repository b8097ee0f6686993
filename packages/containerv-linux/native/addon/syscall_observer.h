#pragma once

#include <linux/seccomp.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "../common/unique_fd.h"
#include "observed_task.h"
#include "observer_plan.h"

namespace containerv {

// Calls that the plan does not tell apart are one.
struct ObservedCall {
  int number = 0;
  uint32_t answer = 0;  // SECCOMP_RET_*
  uint64_t args[6] = {};
  bool operator<(const ObservedCall& other) const;
};

struct ObservedFile {
  int number = 0;
  uint32_t shape = 0;  // which of the plan's for this number
  uint64_t flags = 0;
  uint32_t kind = 0;  // ObservedPath::Kind
  std::string path;
  bool operator<(const ObservedFile& other) const;
};

struct Observations {
  std::map<ObservedCall, uint64_t> calls;  // and how often
  std::map<ObservedFile, uint64_t> files;
  // Whether it made processes or threads: those calls are not handed over, because a signal would make them fail.
  bool processes = false;
  bool threads = false;
  // Numbers of which there were more kinds than are kept; -1: of files.
  std::vector<int> truncated;
  // Whether the program was ever observed.
  bool began = false;
  // What went wrong with observing; empty: nothing.
  std::string failure;
};

// Answers the system calls of a process and its descendants that their filter hands over
// (seccomp_unotify(2)), on threads of its own: as the plan's program says, so that what it denies stays
// denied. That decision looks at registers only, which nothing can change while the call waits. Paths
// are read for the record, never for the answer.
//
// Two threads, because a call that nobody has taken yet fails with EINTR when a signal comes, also calls
// that never do otherwise (fork). Once taken it waits, from Linux 5.19 on. So one thread only takes them.
//
// When the threads end, by stop() or by a failure, the kernel fails every call that would have been
// handed over: nothing runs unobserved.
class SyscallObserver {
 public:
  // `source`: where init's child sends the listening descriptor.
  SyscallObserver(ObserverPlan plan, UniqueFd source);
  ~SyscallObserver();
  SyscallObserver(const SyscallObserver&) = delete;
  SyscallObserver& operator=(const SyscallObserver&) = delete;

  // Waits for the threads, so end the processes first. Once.
  Observations stop();

 private:
  void run();
  void take_calls();
  void answer_calls();
  bool take_listener();
  // False: stop() was called.
  bool await(int fd, bool& ended);
  void answer(const seccomp_notif& call);
  bool waiting(uint64_t id) const;
  void record_task(const seccomp_notif& call);
  void record_call(const seccomp_notif& call, uint32_t answer);
  void record_files(const seccomp_notif& call);
  void record_file(const seccomp_notif& call, uint32_t at, const PathShape& shape, const ObservedTask& task);
  void record_program(const seccomp_notif& call, ObservedFile file, const ObservedTask& task);
  void keep(ObservedFile file);
  void truncate(int number);
  bool end_process(const seccomp_notif& call) const;

  ObserverPlan plan_;
  UniqueFd source_, listener_, stop_;
  // Between the two threads.
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<seccomp_notif> taken_;
  bool last_taken_ = false;
  // The answering thread's, and everybody's when it has ended.
  Observations seen_;
  std::unordered_map<int, size_t> kinds_;
  std::unordered_set<uint32_t> tasks_;
  seccomp_notif_sizes sizes_{};
  std::vector<uint8_t> response_;
  std::thread thread_;
};

}  // namespace containerv
