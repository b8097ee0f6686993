#include "descriptor_io.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../common/protocol.h"
#include "sys_error.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace containerv {
namespace {

constexpr size_t kHeader = 8;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

UniqueFd make_memfd(const char* name, unsigned extra_flags) {
  return UniqueFd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | extra_flags));
}

void seal(const UniqueFd& file, const char* step) {
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    fail(step, "fcntl(F_ADD_SEALS)");
}

}  // namespace

Transfer read_some(int fd, std::span<uint8_t> into, size_t& got) {
  ssize_t size;
  do size = read(fd, into.data(), into.size());
  while (size < 0 && errno == EINTR);
  if (size > 0) return got = static_cast<size_t>(size), Transfer::kDone;
  // EIO: a pseudo-terminal's master once the last holder of the other side has closed it (pty(7)).
  if (size == 0 || errno == EIO) return Transfer::kEnd;
  if (would_block()) return Transfer::kWouldBlock;
  fail("read", "read");
}

Transfer write_some(int fd, std::span<const uint8_t> from, size_t& written) {
  ssize_t size;
  do size = write(fd, from.data(), from.size());
  while (size < 0 && errno == EINTR);
  if (size >= 0) return written = static_cast<size_t>(size), Transfer::kDone;
  if (would_block()) return Transfer::kWouldBlock;
  fail("write", "write");
}

Transfer send_message(int socket, std::span<const uint8_t> message, std::span<const int> fds) {
  iovec part{const_cast<uint8_t*>(message.data()), message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(protocol::kMaxDescriptors * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(item), fds.data(), fds.size_bytes());
  }
  ssize_t sent;
  do sent = sendmsg(socket, &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0) return Transfer::kDone;
  if (would_block()) return Transfer::kWouldBlock;
  if (errno == EPIPE || errno == ECONNRESET) return Transfer::kEnd;
  fail("send request", "sendmsg");
}

Transfer receive_message(int socket, Received& received) {
  // Not the result's own: that would be cleared, 64 KiB of it, for a message of a few bytes.
  static thread_local uint8_t buffer[kHeader + protocol::kMaxInline];
  iovec part{buffer, sizeof buffer};
  alignas(cmsghdr) char control[CMSG_SPACE(protocol::kMaxDescriptors * sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size;
  do {
    size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    // ECONNRESET, once: the other side ended before it had read everything. What it said before that is still there.
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size < 0 && would_block()) return Transfer::kWouldBlock;
  if (size == 0) return Transfer::kEnd;
  if (size < 0) fail("receive reply", "recvmsg");
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(item) + i * sizeof fd, sizeof fd);
      received.fds.emplace_back(fd);
    }
  }
  received.message.assign(buffer, buffer + size);
  return Transfer::kDone;
}

Packed pack(std::span<const uint8_t> message) {
  Packed packed;
  if (message.size() <= kHeader + protocol::kMaxInline) {
    packed.message.assign(message.begin(), message.end());
    return packed;
  }
  const char* step = "send request";
  packed.body = make_memfd("containerv-message", 0);
  if (!packed.body) fail(step, "memfd_create");
  const auto body = message.subspan(kHeader);
  size_t done = 0;
  while (done < body.size()) {
    size_t written = 0;
    write_some(packed.body.get(), body.subspan(done), written);
    done += written;
  }
  seal(packed.body, step);
  uint32_t type;
  memcpy(&type, message.data(), sizeof type);
  type |= protocol::kBodyInMemfd;
  const uint64_t size = body.size();
  packed.message.resize(kHeader + sizeof size);
  memcpy(packed.message.data(), &type, sizeof type);
  memcpy(packed.message.data() + 4, message.data() + 4, 4);
  memcpy(packed.message.data() + kHeader, &size, sizeof size);
  return packed;
}

void send_whole(int socket, std::span<const uint8_t> message, std::span<const int> fds, const char* step) {
  const Packed packed = pack(message);
  std::vector<int> all;
  if (packed.body) all.push_back(packed.body.get());
  all.insert(all.end(), fds.begin(), fds.end());
  if (all.size() > protocol::kMaxDescriptors) {
    errno = E2BIG;
    fail(step, "sendmsg");
  }
  if (send_message(socket, packed.message, all) != Transfer::kDone) {
    errno = EPIPE;
    fail(step, "sendmsg");
  }
}

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("make pipe", "pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool grow_pipe(int fd, int bytes) { return fcntl(fd, F_SETPIPE_SZ, bytes) >= 0; }

UniqueFd seal_executable(const std::string& path) {
  const char* step = "load containerv-init";
  UniqueFd source(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about;
  if (!source || fstat(source.get(), &about) != 0) fail(step, "open", path);
  UniqueFd copy = make_memfd("containerv-init", MFD_EXEC);
  // Linux 6.3 wants to be told that it is to be executed; older ones do not know the flag.
  if (!copy && errno == EINVAL) copy = make_memfd("containerv-init", 0);
  if (!copy) fail(step, "memfd_create", path);
  off_t done = 0;
  while (done < about.st_size) {
    const ssize_t sent = sendfile(copy.get(), source.get(), &done, static_cast<size_t>(about.st_size - done));
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail(step, "sendfile", path);
  }
  seal(copy, step);
  return copy;
}

UniqueFd lock_file(const std::string& path, bool exclusive) {
  const char* step = "lock state directory";
  UniqueFd file(open(path.c_str(), O_RDWR | (exclusive ? 0 : O_CREAT) | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) fail(step, "open", path);
  if (flock(file.get(), (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return file;
  if (!would_block()) fail(step, "flock", path);
  return UniqueFd();
}

}  // namespace containerv
