#include "socket_call.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "../common/kernel.h"

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE 0x89e0
#endif

namespace containerv {
namespace {

using namespace protocol;

int64_t of(int result) { return result < 0 ? -errno : result; }

}  // namespace

int SocketCall::option(int name) const {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(socket_.get(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

int SocketCall::take_address(uint64_t address, uint64_t size) {
  const auto wanted = static_cast<int32_t>(size);
  if (wanted < 0 || wanted > static_cast<int32_t>(sizeof address_.storage)) return EINVAL;
  address_.size = static_cast<socklen_t>(wanted);
  return task_.read_memory(address, address_.bytes, address_.size);
}

int SocketCall::prepare() {
  if (const int error = task_.take_descriptor(static_cast<int>(call_.args[0]), socket_)) return error;
  struct stat about;
  if (fstat(socket_.get(), &about) != 0) return errno;
  if (!S_ISSOCK(about.st_mode) || (domain_ = option(SO_DOMAIN)) < 0 || (type_ = option(SO_TYPE)) < 0) return ENOTSOCK;
  if (call_.nr == SYS_listen) return 0;
  if (call_.nr == SYS_connect || call_.nr == SYS_bind) return take_address(call_.args[1], call_.args[2]);
  return prepare_messages();
}

int64_t SocketCall::act() {
  if (call_.nr == SYS_connect) return connect_socket();
  if (call_.nr == SYS_bind) return bind_socket();
  if (call_.nr == SYS_listen) return listen_socket();
  return send_messages();
}

// Where in the container a file is. What came from elsewhere has a path there, which would mean another file here.
bool SocketCall::real_path(int fd, char* path, size_t size) const {
  struct stat about, here;
  // What has been removed has no name that a rule could mean.
  if (fstat(fd, &about) != 0 || about.st_nlink == 0) return false;
  char link[32];
  snprintf(link, sizeof link, "self/fd/%d", fd);
  const ssize_t got = readlinkat(proc_, link, path, size - 1);
  if (got <= 0 || got == static_cast<ssize_t>(size - 1) || path[0] != '/') return false;
  path[got] = 0;
  const UniqueFd found(kernel::openat2(AT_FDCWD, path, O_PATH | O_NOFOLLOW, kernel::kResolveNoSymlinks));
  return found && fstat(found.get(), &here) == 0 && here.st_ino == about.st_ino && here.st_dev == about.st_dev;
}

// The file behind a path is opened once, judged by where it really is, and connected to by the descriptor.
int SocketCall::find_peer(uint32_t operations, SocketAddress& address) {
  const auto name = address.local_name();
  if (address.size > sizeof(sockaddr_un)) return EINVAL;
  if (name.empty()) return 0;  // the kernel knows what to say of it
  if (name[0] == 0) return rules_.permit_local(operations, name) ? 0 : EACCES;
  peer_.reset(kernel::openat2(task_.directory(), name.data(), O_PATH, kernel::kResolveNoMagiclinks));
  if (!peer_) return errno;
  char path[PATH_MAX];
  if (!real_path(peer_.get(), path, sizeof path)) return EACCES;
  if (!rules_.permit_local(operations, {path, strlen(path)})) return EACCES;
  sockaddr_un by{};
  by.sun_family = AF_UNIX;
  const int size = snprintf(by.sun_path, sizeof by.sun_path, "self/fd/%d", peer_.get());
  if (fchdir(proc_) != 0) return errno;
  memcpy(address.bytes, &by, sizeof by);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + static_cast<size_t>(size) + 1);
  return 0;
}

int SocketCall::judge_way(uint32_t operations, SocketAddress& address) {
  if (!is_local() && !is_internet()) return 0;
  if (address.size < sizeof(sa_family_t)) return EINVAL;
  const int family = address.any.sa_family;
  if (is_local()) return family == AF_UNIX ? find_peer(operations, address) : EINVAL;
  const size_t least = family == AF_INET ? sizeof(sockaddr_in) : offsetof(sockaddr_in6, sin6_scope_id);
  if (family != AF_INET && (family != AF_INET6 || domain_ != AF_INET6)) return EAFNOSUPPORT;
  if (address.size < least) return EINVAL;
  const auto ip_protocol = static_cast<uint32_t>(option(SO_PROTOCOL));
  // Who may send datagrams somewhere may also connect to there first, and the other way around.
  if (type_ == SOCK_DGRAM) operations |= kConnectSocket | kSendSocket;
  return rules_.permit_internet(operations, address, ip_protocol) ? 0 : EACCES;
}

int64_t SocketCall::connect_socket() {
  // Of no family: ends an association. What has none gets none.
  const bool ends = address_.size >= sizeof(sa_family_t) && address_.any.sa_family == AF_UNSPEC;
  if (!ends)
    if (const int error = judge_way(kConnectSocket, address_)) return -error;
  return of(connect(socket_.get(), &address_.any, address_.size));
}

// A socket of IPv6 that is bound to no address takes what comes over IPv4 as well.
int SocketCall::judge_internet_bind(SocketOperation operation, const SocketAddress& address) const {
  const auto ip_protocol = static_cast<uint32_t>(option(SO_PROTOCOL));
  if (!rules_.permit_internet(operation, address, ip_protocol)) return EACCES;
  if (address.any.sa_family != AF_INET6 || !IN6_IS_ADDR_UNSPECIFIED(&address.inet6.sin6_addr)) return 0;
  int only_six = 0;
  socklen_t size = sizeof only_six;
  // It can be changed until the socket is bound. A stream is looked at again when it is to listen.
  if ((operation == kListenSocket || type_ == SOCK_STREAM) &&
      getsockopt(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only_six, &size) == 0 && only_six)
    return 0;
  SocketAddress four;
  four.inet.sin_family = AF_INET;
  four.inet.sin_port = address.inet6.sin6_port;
  four.size = sizeof four.inet;
  return rules_.permit_internet(operation, four, ip_protocol) ? 0 : EACCES;
}

int64_t SocketCall::bind_socket() {
  if (is_local()) {
    const auto name = address_.local_name();
    if (address_.size < sizeof(sa_family_t) || address_.any.sa_family != AF_UNIX) return -EINVAL;
    if (!name.empty() && name[0] != 0) return bind_path();
    // Without a name the kernel chooses one, which only a rule for every socket covers.
    if (!rules_.permit_local(kBindSocket, name)) return -EACCES;
  } else if (is_internet()) {
    if (address_.size < sizeof(sa_family_t)) return -EINVAL;
    // ip(7): what older programs leave out.
    if (domain_ == AF_INET && address_.any.sa_family == AF_UNSPEC && address_.inet.sin_addr.s_addr == INADDR_ANY)
      address_.any.sa_family = AF_INET;
    if (address_.any.sa_family != domain_) return -EAFNOSUPPORT;
    if (address_.size < (domain_ == AF_INET ? sizeof(sockaddr_in) : offsetof(sockaddr_in6, sin6_scope_id)))
      return -EINVAL;
    if (const int error = judge_internet_bind(kBindSocket, address_)) return -error;
  }
  return of(bind(socket_.get(), &address_.any, address_.size));
}

// The file that a bind makes is in the directory that was judged. A socket's name stays what it was given, though, and
// programs ask for it: so a stream is bound by that, and where its file really is decides when it is to listen, before
// which it is good for nothing. One of datagrams takes them at once, so it is bound within the directory.
int64_t SocketCall::bind_path() {
  char text[sizeof(sockaddr_un::sun_path) + 1] = {};
  const auto name = address_.local_name();
  if (address_.size > sizeof(sockaddr_un) || name.size() > sizeof text - 1) return -EINVAL;
  memcpy(text, name.data(), name.size());
  char* const slash = strrchr(text, '/');
  const char* const last = slash ? slash + 1 : text;
  if (last[0] == 0 || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) return -EADDRINUSE;
  char last_name[sizeof text];
  snprintf(last_name, sizeof last_name, "%s", last);
  if (slash) slash[slash == text ? 1 : 0] = 0;
  const UniqueFd parent(
      kernel::openat2(AT_FDCWD, slash ? text : ".", O_PATH | O_DIRECTORY, kernel::kResolveNoMagiclinks));
  if (!parent) return -errno;
  char path[PATH_MAX + sizeof last_name];
  if (!real_path(parent.get(), path, PATH_MAX)) return -EACCES;
  const size_t size = strlen(path);
  snprintf(path + size, sizeof path - size, "%s%s", size == 1 ? "" : "/", last_name);
  if (!rules_.permit_local(kBindSocket, {path, strlen(path)})) return -EACCES;
  if (type_ == SOCK_DGRAM) {
    if (fchdir(parent.get()) != 0) return -errno;
    memset(address_.bytes, 0, sizeof address_.bytes);
    address_.any.sa_family = AF_UNIX;
    memcpy(address_.bytes + offsetof(sockaddr_un, sun_path), last_name, strlen(last_name));
    address_.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + strlen(last_name) + 1);
  }
  return of(bind(socket_.get(), &address_.any, address_.size));
}

int64_t SocketCall::listen_socket() {
  const auto backlog = static_cast<int>(call_.args[1]);
  if (!is_local() && !is_internet()) return of(listen(socket_.get(), backlog));
  if (const int error = judge_listen()) return -error;
  if (listen(socket_.get(), backlog) != 0) return -errno;
  if (is_local()) return 0;
  // Its port may have been another when we looked, if it was one that the kernel had chosen. What listens keeps it.
  const int error = judge_listen();
  if (error == 0) return 0;
  constexpr sockaddr kNobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  if (connect(socket_.get(), &kNobody, sizeof kNobody) != 0) shutdown(socket_.get(), SHUT_RDWR);
  return -error;
}

int SocketCall::judge_listen() {
  SocketAddress own;
  own.size = sizeof own.storage;
  if (getsockname(socket_.get(), &own.any, &own.size) != 0) return errno;
  // One without a port would get one that the kernel chooses.
  if (is_internet()) return judge_internet_bind(kListenSocket, own);
  if (rules_.permit_local(kListenSocket, {})) return 0;
  const auto name = own.local_name();
  // It may be given a name while we look, and keeps the one that it has.
  if (name.empty()) return EINVAL;
  if (name[0] == 0) return rules_.permit_local(kListenSocket, name) ? 0 : EACCES;
  if (const int error = task_.set_effective(task_.capabilities() | kNetAdmin, kSpare)) return error;
  const UniqueFd file(ioctl(socket_.get(), SIOCUNIXFILE));
  if (const int error = task_.set_effective(task_.capabilities(), kSpare)) return error;
  char path[PATH_MAX];
  const bool found = file && real_path(file.get(), path, sizeof path);
  return found && rules_.permit_local(kListenSocket, {path, strlen(path)}) ? 0 : EACCES;
}

}  // namespace containerv
