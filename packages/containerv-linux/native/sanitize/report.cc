// What the sanitizers find in programs that have neither standard error nor files: process 1 and what it clones, behind
// any root and under any filter. It goes to memory shared with a file, which takes no system call.
//
// SANITIZER_REPORT is that file's path. It holds what was found, as text, behind 8 bytes that say how long that is.

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#if defined(__clang__)
#define NOT_INSTRUMENTED __attribute__((visibility("default"), used, no_sanitize("address", "undefined")))
#else
#define NOT_INSTRUMENTED \
  __attribute__((visibility("default"), used, no_sanitize_address, no_sanitize_undefined))
#endif

namespace {

constexpr size_t kSize = 1024 * 1024;

struct Report {
  std::atomic<size_t> size;
  char text[kSize - sizeof(std::atomic<size_t>)];
};

Report* report;

// Before anything is cloned: what is, has it.
__attribute__((constructor)) void open_report() {
  const int fd = open(SANITIZER_REPORT, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || ftruncate(fd, kSize) != 0) _exit(124);
  // Containers of other users have it too, but theirs it is not.
  static_cast<void>(!fchmod(fd, 0666));
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) _exit(124);
  report = static_cast<Report*>(memory);
  close(fd);
}

}  // namespace

// The runtime asks for these by its own names.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" {

NOT_INSTRUMENTED void __sanitizer_on_print(const char* text) {
  if (!report) return;
  const size_t size = strlen(text);
  const size_t at = report->size.fetch_add(size);
  if (at < sizeof report->text && size <= sizeof report->text - at) memcpy(report->text + at, text, size);
}

// The runtime looks for an alternate stack before each call that does not return, which filters refuse or kill over.
// These programs have none.
NOT_INSTRUMENTED int sigaltstack(const stack_t*, stack_t* before) {
  if (before) *before = {nullptr, SS_DISABLE, 0};
  return 0;
}

// There is no environment to say it in, and no file to read symbols from. Leaks are not looked for: these programs end
// without giving anything back.
NOT_INSTRUMENTED const char* __asan_default_options() { return "detect_leaks=0:symbolize=0:abort_on_error=1:use_sigaltstack=0"; }
NOT_INSTRUMENTED const char* __ubsan_default_options() { return "symbolize=0:print_stacktrace=1"; }

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
