#include "control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kName[] = "control";
constexpr int kBacklog = 256;

struct Place {
  UniqueFd directory;
  sockaddr_un address{};
};

Place find(const std::string& state_directory, const char* step) {
  Place place;
  place.directory.reset(open(state_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.directory) fail(step, "open", state_directory);
  place.address.sun_family = AF_UNIX;
  snprintf(place.address.sun_path, sizeof place.address.sun_path, "/proc/self/fd/%d/%s", place.directory.get(), kName);
  return place;
}

const sockaddr* as_address(const Place& place) { return reinterpret_cast<const sockaddr*>(&place.address); }

}  // namespace

UniqueFd listen_control_socket(const std::string& state_directory) {
  const char* step = "make control socket";
  const Place place = find(state_directory, step);
  UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!listener) fail(step, "socket");
  // A container that is started again finds the socket of its last life. The lock says it is ours.
  unlinkat(place.directory.get(), kName, 0);
  // bind(2) gives the new socket file the mode of this descriptor, less the umask.
  if (fchmod(listener.get(), 0600) != 0) fail(step, "fchmod");
  if (bind(listener.get(), as_address(place), sizeof place.address) != 0) fail(step, "bind", state_directory);
  if (listen(listener.get(), kBacklog) != 0) fail(step, "listen");
  return listener;
}

UniqueFd connect_control_socket(const std::string& state_directory) {
  const char* step = "connect to container";
  const Place place = find(state_directory, step);
  UniqueFd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!connection) fail(step, "socket");
  if (connect(connection.get(), as_address(place), sizeof place.address) != 0) fail(step, "connect", state_directory);
  // In a place that all may write to, such as /tmp, it may be somebody else's socket: what we send over it,
  // our descriptors above all, is not for them. The credentials are those of who called listen(2).
  ucred listener{};
  socklen_t size = sizeof listener;
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0) fail(step, "getsockopt");
  if (geteuid() != 0 && listener.uid != geteuid()) {
    errno = EPERM;
    fail(step, "connect", state_directory);
  }
  if (fcntl(connection.get(), F_SETFL, O_NONBLOCK) != 0) fail(step, "fcntl");
  return connection;
}

}  // namespace containerv
