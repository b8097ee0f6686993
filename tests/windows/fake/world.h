// What the fake service knows beside its systems: handles, faults that a test asked for, and everything that a caller
// did which the real service would not forgive.
#pragma once

#include <windows.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "text.h"

namespace fake {

// The SDK's names, computecore.h.
constexpr HRESULT kPendingV1 = static_cast<HRESULT>(0xC0370103);
constexpr HRESULT kInvalidState = static_cast<HRESULT>(0x80370105);
constexpr HRESULT kInvalidJson = static_cast<HRESULT>(0x8037010D);
constexpr HRESULT kSystemNotFound = static_cast<HRESULT>(0x8037010E);
constexpr HRESULT kSystemExists = static_cast<HRESULT>(0x8037010F);
constexpr HRESULT kSystemStopped = static_cast<HRESULT>(0x80370110);
constexpr HRESULT kInvalidLayer = static_cast<HRESULT>(0x80370112);
constexpr HRESULT kOperationNotStarted = static_cast<HRESULT>(0x80370115);
constexpr HRESULT kOperationStarted = static_cast<HRESULT>(0x80370116);
constexpr HRESULT kOperationPending = static_cast<HRESULT>(0x80370117);
constexpr HRESULT kOperationTimeout = static_cast<HRESULT>(0x80370118);
constexpr HRESULT kCallbackSet = static_cast<HRESULT>(0x80370119);
constexpr HRESULT kProcessStopped = static_cast<HRESULT>(0x8037011F);
constexpr HRESULT kElementNotFound = static_cast<HRESULT>(0x80070490);

// One wish of a test, for the next calls of one function.
struct Fault {
  std::string function;
  int times = 1;
  // Calls that pass before it.
  int skip = 0;
  std::optional<HRESULT> hresult;
  std::string document;
  // The failure is that of the operation, not of its submission.
  bool at_completion = false;
  // The call takes this long.
  DWORD delay_ms = 0;
  // Where it stands still until the test lets go: "call", before it does anything; "return", when everything is done;
  // "completion", before the operation that it submitted is done.
  std::string hold;
  // The operation takes this long after its submission.
  DWORD completion_delay_ms = 0;
  // Nobody is told how it ended.
  bool lost = false;
  // Done at once instead of pending.
  bool synchronous = false;
  // Instead of what is asked for: not JSON at all.
  bool garbage = false;
};

// Anything that a handle leads to.
struct Object {
  virtual ~Object() = default;
};

class World {
 public:
  static World& get();

  // A value that no other handle has had.
  void* open(const char* kind, std::shared_ptr<Object> object);
  // nullptr and a violation for a handle that is closed, was never opened, or is of another kind.
  template <typename T>
  std::shared_ptr<T> at(void* handle, const char* kind, const char* function) {
    return std::static_pointer_cast<T>(look_up(handle, kind, function));
  }
  // What it led to; nullptr and a violation as above. It counts as open until `finish` has run.
  std::shared_ptr<Object> close(void* handle, const char* kind, const char* function,
                                const std::function<void(Object&)>& finish = {});

  void violate(const std::string& what);
  // A line in the file FAKE_HCS_JOURNAL, for tests of programs that cannot ask for a report.
  static void journal(const std::string& line);
  void inject(Fault fault);
  // What a test wishes for this call, if anything; waits as long as it wishes.
  Fault fault_for(const char* function);
  // Stands still if this is where a test wishes it to.
  void hold(const Fault& fault, const char* where);
  int held() const;
  void let_go();

  void gave(Allocator allocator, const void* memory);
  void freed(const void* memory);

  // Runs on a thread of its own, as everything does that the service tells.
  void later(DWORD delay_ms, std::function<void()> run);
  // Waits for those threads.
  void settle();

  int open_handles() const;
  // {"violations": [...], "handles": {...}, "strings": n}
  std::string report();
  void reset();

 private:
  struct Handle {
    std::string kind;
    std::shared_ptr<Object> object;
    bool closed = false;
  };

  std::shared_ptr<Object> look_up(void* handle, const char* kind, const char* function);

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::condition_variable released_;
  int held_ = 0;
  int releases_ = 0;
  int closing_ = 0;
  std::map<uintptr_t, Handle> handles_;
  uintptr_t next_handle_ = 0x10000;
  std::vector<std::string> violations_;
  std::list<Fault> faults_;
  std::map<const void*, Allocator> strings_;
  int threads_ = 0;
};

}  // namespace fake

// Exported from the core as library_function; a library of that name forwards to it.
#define FAKE_EXPORT extern "C" __declspec(dllexport)
