// serve-exec.exe: runs a command in a container as if it were local. A client of the Host Compute Service that needs
// nothing else: the same as the package serve-exec does in Node, without waiting for Node to start.

#include <windows.h>

#include <shellapi.h>

#include <string>
#include <vector>

#include "../../../containerv-linux/native/serve-exec/command_line.h"
#include "../../../containerv-linux/native/serve-exec/line.h"
#include "front.h"
#include "session.h"
#include "wide.h"

namespace containerv {

void print(int fd, const char* text) {
  const HANDLE to = GetStdHandle(fd == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
  DWORD mode = 0, put = 0;
  if (GetConsoleMode(to, &mode)) {
    const std::wstring wide = widen(text);
    WriteConsoleW(to, wide.data(), static_cast<DWORD>(wide.size()), &put, nullptr);
    return;
  }
  for (auto left = static_cast<DWORD>(std::string_view(text).size()); left > 0; text += put, left -= put)
    if (!WriteFile(to, text, left, &put, nullptr) || put == 0) return;
}

void print_own_path() {
  std::wstring own(32768, L'\0');
  own.resize(GetModuleFileNameW(nullptr, own.data(), static_cast<DWORD>(own.size())));
  print(1, (narrow(own) + "\n").c_str());
}

namespace {

int run() {
  int count = 0;
  wchar_t** const words = CommandLineToArgvW(GetCommandLineW(), &count);
  if (!words) return complain("The command line cannot be read. Make it shorter.");
  std::vector<std::string> arguments;
  for (int i = 0; i < count; ++i) arguments.push_back(narrow(words[i]));
  LocalFree(words);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  // One that was started with nothing at all has no name either.
  if (argv.empty()) argv.push_back(const_cast<char*>("serve-exec"));
  argv.push_back(nullptr);
  static CommandLine line;
  int status = 125;
  if (!line.parse(argv.data(), status)) return status;
  const HANDLE front = front_process();
  return front ? run_session(line, front) : run_behind();
}

}  // namespace
}  // namespace containerv

int wmain() {
  // Before anything else is loaded: from System32 and nowhere else.
  SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
  // Not by return: the threads that read and write are the process's to end.
  ExitProcess(static_cast<UINT>(containerv::run()));
}
