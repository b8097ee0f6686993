#include "spare_init.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <mutex>
#include <optional>

#include "sys_error.h"

namespace containerv {
namespace {

struct Spare {
  uint64_t namespaces;
  Launched init;
};

std::mutex mutex;
unsigned taken = 0;

std::optional<Spare>& spare() {
  // Never destroyed: at the end of the process its socket is closed, and it ends.
  static auto& held = *new std::optional<Spare>();
  return held;
}

void discard(const Launched& init) {
  kill(init.pid, SIGKILL);
  while (waitpid(init.pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

}  // namespace

Launched take_init(int executable, uint64_t namespaces) {
  std::optional<Spare> found;
  {
    const std::lock_guard held(mutex);
    ++taken;
    found.swap(spare());
  }
  if (found && found->namespaces == namespaces) {
    // Killed meanwhile: the plan could not be sent, so look before.
    if (kill(found->init.pid, 0) == 0 && waitpid(found->init.pid, nullptr, __WALL | WNOHANG) == 0)
      return std::move(found->init);
    return launch_init(executable, namespaces, -1);
  }
  if (found) discard(found->init);
  return launch_init(executable, namespaces, -1);
}

void prepare_spare(int executable, uint64_t namespaces) noexcept {
  try {
    {
      const std::lock_guard held(mutex);
      if (taken < 2 || spare()) return;
    }
    Spare made{namespaces, launch_init(executable, namespaces, -1)};
    const std::lock_guard held(mutex);
    if (!spare())
      spare().emplace(std::move(made));
    else
      discard(made.init);
  } catch (const SysError&) {
  }
}

}  // namespace containerv
