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

int wmain(int argc, wchar_t** argv) {
  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
  _setmode(2, _O_BINARY);
  const wchar_t* mode = argc > 1 ? argv[1] : L"hold";
  if (wcscmp(mode, L"exit") == 0) return (int)wcstoul(argv[2], NULL, 0);
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
