#include "connection.h"

#include <string.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <initializer_list>

#include "../common/protocol.h"
#include "errors.h"
#include "line.h"
#include "runtime.h"
#include "system.h"

namespace containerv {
namespace {

using namespace protocol;

constexpr size_t kHeader = 8;

const char* set_variable(char** environment, const char* name) {
  const char* value = variable(environment, name);
  return value && *value ? value : nullptr;
}

// baseDirectories() of src/state/directories.ts. False: said what is wrong.
bool add_state_directory(Line& path, char** environment, int& status) {
  if (const char* chosen = set_variable(environment, "CONTAINERV_STATE_DIR")) {
    if (*chosen == '/') return path.add(chosen), true;
    Line line;
    line.add("CONTAINERV_STATE_DIR is '").add(chosen).add("'. Set it to an absolute path.");
    return status = complain(line), false;
  }
  const long uid = sys::raw_syscall(SYS_getuid);
  const char* runtime = set_variable(environment, "XDG_RUNTIME_DIR");
  if (uid == 0) {
    path.add("/run/containerv");
  } else if (runtime && *runtime == '/') {
    path.add(runtime).add("/containerv");
  } else {
    const char* temporary = nullptr;
    for (const char* name : {"TMPDIR", "TMP", "TEMP"})
      if (!temporary) temporary = set_variable(environment, name);
    path.add(temporary ? temporary : "/tmp").add("/containerv-").add(uid);
  }
  return true;
}

// A place that all may write to, such as /tmp, may hold a socket that somebody else put there: our
// descriptors are not for them. The credentials are those of who called listen(2).
bool is_trusted(int socket) {
  ucred listener{};
  socklen_t size = sizeof listener;
  if (sys::raw_syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_PEERCRED, sys::address(&listener), sys::address(&size)) != 0)
    return false;
  const auto own = static_cast<uid_t>(sys::raw_syscall(SYS_geteuid));
  return own == 0 || listener.uid == own;
}

long connect_at(int socket, const char* directory) {
  UniqueFd place(sys::open(directory, O_PATH | O_DIRECTORY));
  if (place.get() < 0) return place.get();
  Line path;
  path.add("/proc/self/fd/").add(place.get()).add("/control");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.text(), strlen(path.text()));
  long result;
  do result = sys::raw_syscall(SYS_connect, socket, sys::address(&address), sizeof address);
  while (result == -EINTR);
  return result;
}

}  // namespace

bool Connection::open(const char* id, char** environment, int& status) {
  Line directory;
  if (!add_state_directory(directory, environment, status)) return false;
  directory.add("/").add(id);
  if (directory.cut()) return status = complain("The state directory's path is too long. Choose a shorter one."), false;
  socket_.reset(static_cast<int>(sys::raw_syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)));
  const long result = socket_.get() < 0 ? socket_.get() : connect_at(socket_.get(), directory.text());
  Line line;
  if (result == 0) {
    if (is_trusted(socket_.get())) return true;
    line.add(directory.text()).add(" belongs to another user. Set CONTAINERV_STATE_DIR to a directory of your own.");
  } else if (result == -ECONNREFUSED || (result == -ENOENT && sys::raw_syscall(SYS_faccessat, AT_FDCWD, sys::address(directory.text()), 0) == 0)) {
    line.add("Container '").add(id).add("' is stopped. Start it first.");
  } else if (result == -ENOENT) {
    line.add("There is no container '").add(id).add("'. See what there is: containerv ps");
  } else {
    add_error(line.add("Cannot join ").add(directory.text()).add(" ("), static_cast<int>(-result));
    line.add("). A container can be joined by the user who made it, and by root.");
  }
  return status = complain(line), false;
}

long Connection::send(std::span<const uint8_t> message, std::span<const int> descriptors) {
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(4 * sizeof(int))] = {};
  int passed[4];
  size_t count = 0;
  uint8_t replacement[kHeader + sizeof(uint64_t)];
  UniqueFd file;
  if (message.size() > kHeader + kMaxInline) {
    file.reset(static_cast<int>(sys::raw_syscall(SYS_memfd_create, sys::address("message"), 1 /* MFD_CLOEXEC */)));
    if (file.get() < 0) return file.get();
    const uint64_t size = message.size() - kHeader;
    for (uint64_t done = 0; done < size;) {
      const long written = sys::write(file.get(), message.data() + kHeader + done, size - done);
      if (written == -EINTR) continue;
      if (written <= 0) return written;
      done += static_cast<uint64_t>(written);
    }
    uint32_t type;
    memcpy(&type, message.data(), sizeof type);
    type |= kBodyInMemfd;
    memcpy(replacement, &type, sizeof type);
    memcpy(replacement + 4, message.data() + 4, 4);
    memcpy(replacement + kHeader, &size, sizeof size);
    message = replacement;
    passed[count++] = file.get();
  }
  for (const int fd : descriptors) passed[count++] = fd;
  iovec part{const_cast<uint8_t*>(message.data()), message.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (count > 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(item), passed, count * sizeof(int));
  }
  long sent;
  do sent = sys::raw_syscall(SYS_sendmsg, socket_.get(), sys::address(&header), MSG_NOSIGNAL);
  while (sent == -EINTR);
  return sent < 0 ? sent : 0;
}

Connection::Result Connection::receive() {
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {};
  iovec part{buffer_, sizeof buffer_};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  // CMSG_SPACE is rounded up, to room for two.
  header.msg_controllen = CMSG_LEN(sizeof(int));
  long size;
  do size = sys::raw_syscall(SYS_recvmsg, socket_.get(), sys::address(&header), MSG_CMSG_CLOEXEC);
  while (size == -EINTR);
  if (size < static_cast<long>(kHeader) || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return Result::kClosed;
  if (const cmsghdr* item = CMSG_FIRSTHDR(&header); item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS) {
    int fd;
    memcpy(&fd, CMSG_DATA(item), sizeof fd);
    descriptor_.reset(fd);
  }
  memcpy(&type_, buffer_, sizeof type_);
  body_ = {buffer_ + kHeader, static_cast<size_t>(size) - kHeader};
  return Result::kMessage;
}

}  // namespace containerv
