#include "user_network.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include <string>
#include <utility>

#include "descriptor_io.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "connect network";

UniqueFd open_namespace(pid_t pid, const char* type) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + type;
  UniqueFd opened(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) fail(kStep, "open", path);
  return opened;
}

}  // namespace

void UserNetwork::begin(int executable, pid_t init, const std::vector<uint8_t>& work) {
  const UniqueFd users = open_namespace(init, "user"), network = open_namespace(init, "net");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail(kStep, "pipe2");
  const UniqueFd there(ends[0]);
  life_.reset(ends[1]);
  worker_ = begin_launch({executable, 0, -1}).finish();
  const int fds[] = {users.get(), network.get(), there.get()};
  send_whole(worker_.socket.get(), work, fds, kStep);
  if (fcntl(worker_.socket.get(), F_SETFL, O_NONBLOCK) != 0) fail(kStep, "fcntl");
}

Launched UserNetwork::release() {
  life_.reset();
  return std::exchange(worker_, Launched());
}

UserNetwork::~UserNetwork() {
  life_.reset();
  worker_.socket.reset();
  if (worker_.pid < 0) return;
  while (waitpid(worker_.pid, nullptr, __WALL) < 0 && errno == EINTR) {
  }
}

}  // namespace containerv
