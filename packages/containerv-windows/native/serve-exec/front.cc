#include "front.h"

#include <string>
#include <vector>

#include "../../../containerv-linux/native/serve-exec/line.h"
#include "console.h"
#include "join_file.h"
#include "streams.h"
#include "unique_handle.h"

namespace containerv {
namespace {

// Holds the handle of the front, which the child inherits.
constexpr wchar_t kFront[] = L"SERVE_EXEC_FRONT";

constexpr DWORD kStreams[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};

HANDLE child;

// Keys are the command's. When the console goes, so do we, after the child.
BOOL WINAPI on_console_event(DWORD event) {
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT && child) WaitForSingleObject(child, INFINITE);
  return TRUE;
}

UniqueHandle inheritable(HANDLE handle) {
  HANDLE copy = nullptr;
  if (handle) DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &copy, 0, TRUE, DUPLICATE_SAME_ACCESS);
  return UniqueHandle(copy);
}

// Nothing but what it is to have: a handle more would keep somebody's pipe open.
class InheritedHandles {
 public:
  explicit InheritedHandles(std::vector<HANDLE> handles) : handles_(std::move(handles)) {
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
    memory_.resize(size);
    ready_ = InitializeProcThreadAttributeList(list(), 1, 0, &size);
    valid_ = ready_ && UpdateProcThreadAttribute(list(), 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles_.data(),
                                                 handles_.size() * sizeof(HANDLE), nullptr, nullptr);
  }
  ~InheritedHandles() {
    if (ready_) DeleteProcThreadAttributeList(list());
  }
  InheritedHandles(const InheritedHandles&) = delete;
  InheritedHandles& operator=(const InheritedHandles&) = delete;
  [[nodiscard]] bool valid() const { return valid_; }
  LPPROC_THREAD_ATTRIBUTE_LIST list() { return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(memory_.data()); }

 private:
  std::vector<HANDLE> handles_;
  std::vector<char> memory_;
  bool ready_ = false;
  bool valid_ = false;
};

bool start_child(PROCESS_INFORMATION& started) {
  HANDLE self = nullptr;
  DuplicateHandle(GetCurrentProcess(), GetCurrentProcess(), GetCurrentProcess(), &self,
                  SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, TRUE, 0);
  const UniqueHandle front(self);
  if (!front) return false;
  SetEnvironmentVariableW(kFront, std::to_wstring(reinterpret_cast<uintptr_t>(front.get())).c_str());
  STARTUPINFOEXW startup = {};
  startup.StartupInfo.cb = sizeof startup;
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  UniqueHandle streams[3];
  std::vector<HANDLE> passed = {front.get()};
  for (int i = 0; i < 3; ++i) {
    streams[i] = inheritable(own_stream(kStreams[i]));
    if (streams[i]) passed.push_back(streams[i].get());
  }
  startup.StartupInfo.hStdInput = streams[0].get();
  startup.StartupInfo.hStdOutput = streams[1].get();
  startup.StartupInfo.hStdError = streams[2].get();
  InheritedHandles inherited(std::move(passed));
  if (!inherited.valid()) return false;
  startup.lpAttributeList = inherited.list();
  std::wstring own(32768, L'\0');
  own.resize(GetModuleFileNameW(nullptr, own.data(), static_cast<DWORD>(own.size())));
  std::wstring line = GetCommandLineW();
  // Out of the job that we are in, if it lets: whoever ends us by ending the job ends the command no less.
  for (const DWORD away : {static_cast<DWORD>(CREATE_BREAKAWAY_FROM_JOB), DWORD{0}})
    if (CreateProcessW(own.c_str(), line.data(), nullptr, nullptr, TRUE, EXTENDED_STARTUPINFO_PRESENT | away, nullptr, nullptr,
                       &startup.StartupInfo, &started))
      return true;
  return false;
}

}  // namespace

HANDLE front_process() {
  const std::wstring value = environment_variable(kFront);
  if (value.empty()) return nullptr;
  SetEnvironmentVariableW(kFront, nullptr);
  uintptr_t number = 0;
  for (const wchar_t digit : value)
    number = digit >= L'0' && digit <= L'9' ? number * 10 + static_cast<uintptr_t>(digit - L'0') : 0;
  const HANDLE front = reinterpret_cast<HANDLE>(number);
  // Of another program that had it in its environment: then we are the first.
  const DWORD id = GetProcessId(front);
  return id != 0 && id != GetCurrentProcessId() ? front : nullptr;
}

int run_behind() {
  // It puts the console back also when the child cannot.
  Console console(own_stream(STD_INPUT_HANDLE), own_stream(STD_OUTPUT_HANDLE));
  SetConsoleCtrlHandler(on_console_event, TRUE);
  PROCESS_INFORMATION started = {};
  if (!start_child(started)) {
    Line line;
    line.add("Cannot start the second half of this program (error ").add(static_cast<long>(GetLastError()));
    return complain(line.add("). Is serve-exec.exe still where it was started from?"));
  }
  child = started.hProcess;
  // What the command closes must be closed, for who reads and writes at the other ends. A console is nobody's end.
  if (!console.is_terminal())
    for (const DWORD which : kStreams)
      if (const HANDLE handle = own_stream(which)) SetStdHandle(which, nullptr), CloseHandle(handle);
  WaitForSingleObject(child, INFINITE);
  DWORD status = 125;
  GetExitCodeProcess(child, &status);
  return static_cast<int>(status);
}

}  // namespace containerv
