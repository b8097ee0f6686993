#include "oom_events.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include "sys_error.h"

namespace containerv {

UniqueFd watch_oom(const std::string& directory) {
  const char* step = "watch for lack of memory";
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) fail(step, "eventfd");
  UniqueFd control(open((directory + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
  if (!control) fail(step, "open", directory + "/memory.oom_control");
  const std::string path = directory + "/cgroup.event_control";
  UniqueFd registration(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!registration) fail(step, "open", path);
  const std::string line = std::to_string(event.get()) + " " + std::to_string(control.get());
  if (write(registration.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) fail(step, "write", path);
  return event;
}

}  // namespace containerv
