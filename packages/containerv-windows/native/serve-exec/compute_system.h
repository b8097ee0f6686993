#pragma once

#include <windows.h>

#include <memory>
#include <string>

#include "unique_handle.h"

namespace containerv {

// HCS_PROCESS_INFORMATION.
struct ProcessInformation {
  DWORD process_id = 0;
  DWORD reserved = 0;
  HANDLE input = nullptr, output = nullptr, error = nullptr;
};
static_assert(sizeof(ProcessInformation) == 32);

// Our ends of the command's streams; what was not asked for is none.
struct Pipes {
  UniqueHandle input, output, error;

  explicit Pipes(const ProcessInformation& from = {}) : input(from.input), output(from.output), error(from.error) {}
};

// A compute system and one process in it, through either library of the Host Compute Service. Everything is closed with
// it. Strings that say more about a failure are the service's own.
class ComputeSystem {
 public:
  virtual ~ComputeSystem() = default;

  virtual HRESULT open(const wchar_t* id, std::wstring& more) = 0;
  virtual HRESULT properties(std::wstring& document, std::wstring& more) = 0;
  virtual HRESULT start(const wchar_t* parameters, Pipes& pipes, std::wstring& more) = 0;
  virtual HRESULT terminate() = 0;
  virtual HRESULT signal(const wchar_t* options) = 0;
  virtual HRESULT modify(const wchar_t* settings) = 0;
  virtual HRESULT status(std::wstring& document) = 0;

  // Set whenever the process may have ended, or the service is gone.
  [[nodiscard]] HANDLE changed() const { return changed_.get(); }
  [[nodiscard]] bool service_gone() const { return service_gone_; }

  // The newest library that this Windows has, or the one that CONTAINERV_HCS_LIBRARY names; from System32 and nowhere
  // else. Null: there is none.
  static std::unique_ptr<ComputeSystem> load(DWORD call_ms);

 protected:
  UniqueHandle changed_ = make_event();
  volatile bool service_gone_ = false;
};

std::unique_ptr<ComputeSystem> load_computecore(DWORD call_ms);
std::unique_ptr<ComputeSystem> load_vmcompute(DWORD call_ms);

// System32 only: whoever can write beside this program, or to a directory in PATH, must not be asked.
HMODULE load_system_library(const wchar_t* name);

template <typename Function>
bool bind(HMODULE library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(library, name)));
  return function != nullptr;
}

// Ends this program, saying so, when a call of the service takes longer than it may: it cannot be taken back.
class CallLimit {
 public:
  CallLimit(const char* call, DWORD limit_ms);
  ~CallLimit();
  CallLimit(const CallLimit&) = delete;
  CallLimit& operator=(const CallLimit&) = delete;

 private:
  HANDLE timer_ = nullptr;
};

// The same, for a wait that says itself that it took too long.
[[noreturn]] void give_up(const char* call);

}  // namespace containerv
