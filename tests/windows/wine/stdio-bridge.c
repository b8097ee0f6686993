// stdio-bridge.exe PROGRAM [ARGUMENT...]: starts a Windows program with real Windows pipes and copies between them and
// the Unix descriptors that Wine was started with, which node.exe cannot use as its own. Its command line goes on as it
// is, its exit code comes back, and it dies with this one, however that ends; with STDIO_BRIDGE_LETS_GO, what it started in
// its turn does not.
#include <windows.h>

#include <wchar.h>

struct copy {
  HANDLE from, to;
};

static DWORD WINAPI copy_all(LPVOID argument) {
  struct copy* copy = argument;
  char buffer[65536];
  DWORD got, put;
  while (ReadFile(copy->from, buffer, sizeof buffer, &got, NULL) && got > 0) {
    for (DWORD done = 0; done < got; done += put) {
      if (!WriteFile(copy->to, buffer + done, got - done, &put, NULL)) goto end;
    }
  }
end:
  CloseHandle(copy->to);
  CloseHandle(copy->from);
  return 0;
}

// What follows the name of this program.
static wchar_t* rest_of(wchar_t* line) {
  const wchar_t end = *line == L'"' ? L'"' : L' ';
  if (*line == L'"') line++;
  while (*line != L'\0' && *line != end) line++;
  if (*line == L'"') line++;
  while (*line == L' ') line++;
  return line;
}

static HANDLE start_copy(HANDLE from, HANDLE to) {
  struct copy* copy = HeapAlloc(GetProcessHeap(), 0, sizeof *copy);
  copy->from = from;
  copy->to = to;
  return CreateThread(NULL, 0, copy_all, copy, 0, NULL);
}

int wmain(void) {
  wchar_t* line = rest_of(GetCommandLineW());
  if (*line == L'\0') return 2;
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  HANDLE ends[3][2];
  for (int fd = 0; fd < 3; fd++) {
    if (!CreatePipe(&ends[fd][0], &ends[fd][1], &inherited, 0)) return 126;
    SetHandleInformation(ends[fd][fd == 0 ? 1 : 0], HANDLE_FLAG_INHERIT, 0);
  }
  STARTUPINFOW startup = {0};
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = ends[0][0];
  startup.hStdOutput = ends[1][1];
  startup.hStdError = ends[2][1];
  HANDLE job = CreateJobObjectW(NULL, NULL);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  if (GetEnvironmentVariableW(L"STDIO_BRIDGE_LETS_GO", NULL, 0) > 0)
    limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
  SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  PROCESS_INFORMATION started;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &started)) return 127;
  AssignProcessToJobObject(job, started.hProcess);
  ResumeThread(started.hThread);
  CloseHandle(ends[0][0]);
  CloseHandle(ends[1][1]);
  CloseHandle(ends[2][1]);
  start_copy(GetStdHandle(STD_INPUT_HANDLE), ends[0][1]);
  const HANDLE outputs[2] = {start_copy(ends[1][0], GetStdHandle(STD_OUTPUT_HANDLE)),
                             start_copy(ends[2][0], GetStdHandle(STD_ERROR_HANDLE))};
  WaitForSingleObject(started.hProcess, INFINITE);
  // What it started may hold its pipes open for longer than it lives.
  WaitForMultipleObjects(2, outputs, TRUE, 2000);
  DWORD code = 1;
  GetExitCodeProcess(started.hProcess, &code);
  ExitProcess(code);
}
