#include "socket_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "../common/unique_fd.h"

namespace containerv {
namespace {

constexpr uint32_t kMaxRules = 4096;

bool same(std::span<const char> one, const void* other, size_t size) {
  return one.size() == size && memcmp(one.data(), other, size) == 0;
}

bool shares_bits(const uint8_t* one, const uint8_t* other, uint32_t bits) {
  if (memcmp(one, other, bits / 8) != 0) return false;
  const uint32_t rest = bits % 8;
  return rest == 0 || (one[bits / 8] ^ other[bits / 8]) >> (8 - rest) == 0;
}

}  // namespace

std::span<const char> SocketAddress::local_name() const {
  constexpr size_t kStart = offsetof(sockaddr_un, sun_path);
  if (size <= kStart) return {};
  const char* name = bytes + kStart;
  const size_t length = size - kStart;
  // An abstract name is all that was given; a path ends where its text does (unix(7)).
  return {name, name[0] == 0 ? length : strnlen(name, length)};
}

SocketRules::~SocketRules() {
  for (uint32_t i = 0; i < count_; ++i) free(rules_[i].followed);
  free(rules_);
}

bool SocketRules::decode(WireReader& reader) {
  filter_ = reader.bytes();
  pass_ = reader.u64();
  routes_ = reader.u32() != 0;
  const uint32_t count = reader.count(28);
  const size_t instructions = filter_.size() / sizeof(sock_filter);
  if (filter_.size() % sizeof(sock_filter) != 0 || instructions > BPF_MAXINSNS || count > kMaxRules) reader.fail();
  if (!reader.ok()) return false;
  rules_ = static_cast<Rule*>(calloc(count + 1, sizeof(Rule)));
  if (!rules_) return false;
  count_ = count;
  for (uint32_t i = 0; i < count; ++i) {
    Rule& rule = rules_[i];
    rule.family = reader.u32();
    rule.ip_protocol = reader.u32();
    rule.operations = reader.u32();
    rule.name = reader.bytes();
    rule.network = reader.bytes();
    rule.prefix = reader.u32();
    rule.ports = reader.bytes();
    const size_t size = rule.family == AF_INET ? sizeof(in_addr) : rule.family == AF_INET6 ? sizeof(in6_addr) : 0;
    if (rule.network.size() != size || rule.prefix > size * 8 || rule.ports.size() % (2 * sizeof(uint32_t)) != 0)
      reader.fail();
  }
  return reader.ok();
}

bool SocketRules::follow_links(int proc) {
  for (uint32_t i = 0; i < count_; ++i) {
    Rule& rule = rules_[i];
    if (rule.name.empty() || rule.name[0] != '/') continue;
    char path[PATH_MAX];
    if (rule.name.size() >= sizeof path) return errno = ENAMETOOLONG, false;
    memcpy(path, rule.name.data(), rule.name.size());
    path[rule.name.size()] = 0;
    char* name = strrchr(path, '/');
    *name++ = 0;
    const UniqueFd parent(open(path[0] ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    // What nobody has made yet is, when it is there, where it says.
    if (!parent) continue;
    char link[32], real[PATH_MAX];
    snprintf(link, sizeof link, "self/fd/%d", parent.get());
    const ssize_t size = readlinkat(proc, link, real, sizeof real - 1);
    if (size <= 0 || real[0] != '/') return errno = size < 0 ? errno : EXDEV, false;
    real[size] = 0;
    if (asprintf(&rule.followed, "%s/%s", size == 1 ? "" : real, name) < 0) return rule.followed = nullptr, false;
  }
  return true;
}

bool SocketRules::names(const Rule& rule, std::span<const char> name) {
  if (rule.name.empty()) return true;
  if (rule.followed) return same(name, rule.followed, strlen(rule.followed));
  return same(name, rule.name.data(), rule.name.size());
}

bool SocketRules::permit_local(uint32_t operations, std::span<const char> name) const {
  for (uint32_t i = 0; i < count_; ++i) {
    const Rule& rule = rules_[i];
    if (rule.family == AF_UNIX && (rule.operations & operations) && names(rule, name)) return true;
  }
  return false;
}

bool SocketRules::covers(const Rule& rule, std::span<const uint8_t> address, uint32_t port) {
  if (rule.network.size() != address.size() || !shares_bits(rule.network.data(), address.data(), rule.prefix))
    return false;
  for (size_t at = 0; at < rule.ports.size(); at += 2 * sizeof(uint32_t)) {
    uint32_t range[2];
    memcpy(range, rule.ports.data() + at, sizeof range);
    if (port >= range[0] && port <= range[1]) return true;
  }
  return false;
}

bool SocketRules::permit_internet(uint32_t operations, const SocketAddress& address, uint32_t ip_protocol) const {
  const bool six = address.any.sa_family == AF_INET6;
  uint8_t bytes[sizeof(in6_addr)];
  size_t size = six ? sizeof(in6_addr) : sizeof(in_addr);
  memcpy(bytes, six ? static_cast<const void*>(&address.inet6.sin6_addr) : &address.inet.sin_addr, size);
  uint32_t family = address.any.sa_family;
  // IPv4 within IPv6 goes out as IPv4 (ipv6(7)).
  if (six && IN6_IS_ADDR_V4MAPPED(&address.inet6.sin6_addr)) {
    memmove(bytes, bytes + 12, sizeof(in_addr));
    size = sizeof(in_addr);
    family = AF_INET;
  }
  // What goes to no address goes to this machine (ip(7)).
  const bool outward = (operations & (protocol::kConnectSocket | protocol::kSendSocket)) != 0;
  static constexpr uint8_t kNone[sizeof(in6_addr)] = {};
  if (outward && memcmp(bytes, kNone, size) == 0) {
    bytes[size - 1] = 1;
    if (family == AF_INET) bytes[0] = 127;
  }
  const uint32_t port = ntohs(six ? address.inet6.sin6_port : address.inet.sin_port);
  for (uint32_t i = 0; i < count_; ++i) {
    const Rule& rule = rules_[i];
    if (rule.family == family && (rule.operations & operations) &&
        (rule.ip_protocol == 0 || rule.ip_protocol == ip_protocol) && covers(rule, {bytes, size}, port))
      return true;
  }
  return false;
}

}  // namespace containerv
