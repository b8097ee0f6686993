#include "runtime.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/kernel.h"

namespace containerv {

using kernel::raw_syscall;

void exit_now(int status) {
  for (;;) raw_syscall(SYS_exit_group, status);
}

const char* variable(char** environment, const char* name) {
  for (; *environment; ++environment)
    if (starts_with(*environment, name) && (*environment)[strlen(name)] == '=') return *environment + strlen(name) + 1;
  return nullptr;
}

}  // namespace containerv
