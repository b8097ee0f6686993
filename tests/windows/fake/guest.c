// What runs in the fake's containers: a small program with one mode for each thing that a test looks at.
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static int echo_input(void) {
  char buffer[65536];
  int got;
  while ((got = _read(0, buffer, sizeof buffer)) > 0) {
    for (int done = 0; done < got;) {
      const int put = _write(1, buffer + done, (unsigned)(got - done));
      if (put <= 0) return 3;
      done += put;
    }
  }
  return 0;
}

static int hold(void) {
  char buffer[256];
  while (_read(0, buffer, sizeof buffer) > 0) continue;
  return 0;
}

// What follows the first `count` words, which have no quotes in them.
static wchar_t* rest_of(wchar_t* line, int count) {
  for (; count > 0; count--) {
    line += wcscspn(line, L" ");
    line += wcsspn(line, L" ");
  }
  return line;
}

// Outside of any container: `console COLUMNS ROWS COMMAND...` runs a program in its own console, gives that another size
// once the program has taken it, sends Ctrl-C two seconds later, and says how the program ended and left the console.
static BOOL WINAPI ignore(DWORD event) { return event == CTRL_C_EVENT; }

static int run_in_console(wchar_t** argv) {
  const HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
  const SHORT columns = (SHORT)wcstol(argv[2], NULL, 10), rows = (SHORT)wcstol(argv[3], NULL, 10);
  DWORD before[2], during[2], after[2], code = 101;
  GetConsoleMode(in, &before[0]), GetConsoleMode(out, &before[1]);
  SetConsoleCtrlHandler(ignore, TRUE);
  STARTUPINFOW startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  if (!CreateProcessW(NULL, rest_of(GetCommandLineW(), 4), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &started)) return 102;
  do Sleep(50), GetConsoleMode(in, &during[0]);
  while (during[0] == before[0] && WaitForSingleObject(started.hProcess, 0) == WAIT_TIMEOUT);
  const SMALL_RECT window = {0, 0, columns - 1, rows - 1};
  const COORD size = {columns, rows};
  SetConsoleWindowInfo(out, TRUE, &window), SetConsoleScreenBufferSize(out, size);
  Sleep(2000);
  GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
  WaitForSingleObject(started.hProcess, INFINITE);
  GetExitCodeProcess(started.hProcess, &code);
  GetConsoleMode(in, &after[0]), GetConsoleMode(out, &after[1]);
  const DWORD lines = ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT;
  const char* lines_kept = (before[0] & lines) == (after[0] & lines) ? "kept" : "changed";
  printf("%#lx, lines %s, modes %s\n", code, lines_kept, memcmp(before, after, sizeof before) == 0 ? "kept" : "changed");
  return 0;
}

int wmain(int argc, wchar_t** argv) {
  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
  _setmode(2, _O_BINARY);
  const wchar_t* mode = argc > 1 ? argv[1] : L"hold";
  if (wcscmp(mode, L"exit") == 0) return (int)wcstoul(argv[2], NULL, 0);
  if (wcscmp(mode, L"console") == 0) return run_in_console(argv);
  if (wcscmp(mode, L"cat") == 0) return echo_input();
  if (wcscmp(mode, L"sleep") == 0) {
    Sleep((DWORD)wcstol(argv[2], NULL, 10));
    return 0;
  }
  if (wcscmp(mode, L"both") == 0) {
    fputs("out", stdout);
    fputs("err", stderr);
    return 0;
  }
  if (wcscmp(mode, L"args") == 0) {
    for (int i = 2; i < argc; i++) {
      char text[8192];
      WideCharToMultiByte(CP_UTF8, 0, argv[i], -1, text, sizeof text, NULL, NULL);
      fwrite(text, 1, strlen(text) + 1, stdout);
    }
    return 0;
  }
  if (wcscmp(mode, L"env") == 0) {
    wchar_t value[1024] = L"";
    char text[4096];
    GetEnvironmentVariableW(argv[2], value, 1024);
    WideCharToMultiByte(CP_UTF8, 0, value, -1, text, sizeof text, NULL, NULL);
    fputs(text, stdout);
    return 0;
  }
  if (wcscmp(mode, L"cwd") == 0) {
    char text[MAX_PATH];
    GetCurrentDirectoryA(sizeof text, text);
    fputs(text, stdout);
    return 0;
  }
  if (wcscmp(mode, L"fill") == 0) {
    // The given number of bytes, each its position modulo 251.
    const long total = wcstol(argv[2], NULL, 10);
    for (long at = 0; at < total;) {
      char buffer[4096];
      long part = total - at < 4096 ? total - at : 4096;
      for (long i = 0; i < part; i++) buffer[i] = (char)((at + i) % 251);
      if (_write(1, buffer, (unsigned)part) != part) return 3;
      at += part;
    }
    return 0;
  }
  // The first process of a Linux container, `sh -c 'while read ...'`, and `hold`: until the end of the input.
  return hold();
}
