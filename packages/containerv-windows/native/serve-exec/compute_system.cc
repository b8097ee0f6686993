#include "compute_system.h"

#include "../../../containerv-linux/native/serve-exec/line.h"
#include "join_file.h"

namespace containerv {
namespace {

void CALLBACK expire(void* call, BOOLEAN) { give_up(static_cast<const char*>(call)); }

}  // namespace

void give_up(const char* call) {
  Line line;
  line.add("Windows did not answer ").add(call).add(" in time; a command that was to start may still do so. Look at the service: ");
  line.add("Get-Service vmcompute. CONTAINERV_HCS_TIMEOUT sets how long is waited.");
  // At once: a call of the service that is still under way would be waited for.
  const int status = complain(line);
  TerminateProcess(GetCurrentProcess(), static_cast<UINT>(status));
  for (;;) Sleep(INFINITE);
}

CallLimit::CallLimit(const char* call, DWORD limit_ms) {
  CreateTimerQueueTimer(&timer_, nullptr, expire, const_cast<char*>(call), limit_ms, 0, WT_EXECUTEONLYONCE);
}

CallLimit::~CallLimit() {
  if (timer_) DeleteTimerQueueTimer(nullptr, timer_, INVALID_HANDLE_VALUE);
}

HMODULE load_system_library(const wchar_t* name) { return LoadLibraryExW(name, nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32); }

std::unique_ptr<ComputeSystem> ComputeSystem::load(DWORD call_ms) {
  if (environment_variable(L"CONTAINERV_HCS_LIBRARY") != L"vmcompute")
    if (auto system = load_computecore(call_ms)) return system;
  return load_vmcompute(call_ms);
}

}  // namespace containerv
