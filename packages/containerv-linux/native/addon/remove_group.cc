#include "remove_group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <chrono>

#include "../common/unique_fd.h"
#include "sys_error.h"

namespace containerv {
namespace {

// The kernel tells when the last process of a group is gone (cgroup-v2.rst, "[Un]populated Notification").
bool await_empty(const std::string& group) {
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + std::chrono::seconds(10);
  const UniqueFd events(open((group + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  while (events) {
    char text[256];
    const ssize_t size = pread(events.get(), text, sizeof text - 1, 0);
    if (size < 0) return false;
    text[size] = 0;
    if (strstr(text, "populated 0")) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_clock::now()).count();
    pollfd changed{events.get(), POLLPRI, 0};
    if (left <= 0 || (poll(&changed, 1, static_cast<int>(left)) < 0 && errno != EINTR)) return false;
  }
  return false;
}

}  // namespace

void remove_group(const std::string& path) {
  // What we may not remove is not what we made: a group of the same name, of another user's container.
  if (rmdir(path.c_str()) == 0 || errno == ENOENT || errno == EACCES) return;
  const int error = errno;
  // On a read-only mount, also of what is not there: as in a container that is shown the groups of its host.
  if (error == EROFS && access(path.c_str(), F_OK) != 0 && errno == ENOENT) return;
  if (error == EBUSY && await_empty(path) && rmdir(path.c_str()) == 0) return;
  errno = error;
  fail("", "rmdir", path);
}

}  // namespace containerv
