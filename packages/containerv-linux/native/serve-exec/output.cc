#include <string.h>

#include "line.h"
#include "system.h"

namespace containerv {

void print(int fd, const char* text) {
  for (size_t left = strlen(text); left > 0;) {
    const long written = sys::write(fd, text, left);
    if (written == -EINTR) continue;
    if (written <= 0) return;
    text += written;
    left -= static_cast<size_t>(written);
  }
}

void print_own_path() {
  char own[4097] = {};
  sys::raw_syscall(SYS_readlinkat, AT_FDCWD, sys::address("/proc/self/exe"), sys::address(own), sizeof own - 1);
  print(1, own);
  print(1, "\n");
}

}  // namespace containerv
