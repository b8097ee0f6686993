#include "port_claim.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "publish port";

UniqueFd bound(int family, int type, const sockaddr* address, socklen_t size, const std::string& name, bool both) {
  UniqueFd fd(socket(family, type | SOCK_CLOEXEC, 0));
  if (!fd) fail(kStep, "socket", name);
  const int only = both ? 0 : 1;
  if (family == AF_INET6 && setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0)
    fail(kStep, "setsockopt(IPV6_V6ONLY)", name);
  if (bind(fd.get(), address, size) != 0) fail(kStep, "bind", name);
  return fd;
}

}  // namespace

UniqueFd claim_port(const PortClaim& claim) {
  const int type = claim.udp ? SOCK_DGRAM : SOCK_STREAM;
  const bool every = claim.address.empty();
  if (every || claim.address.size() == sizeof(in6_addr)) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(claim.port);
    if (!every) memcpy(&address.sin6_addr, claim.address.data(), sizeof address.sin6_addr);
    try {
      return bound(AF_INET6, type, reinterpret_cast<sockaddr*>(&address), sizeof address, claim.name, every);
    } catch (const SysError& error) {
      // A kernel without IPv6 has IPv4 alone.
      if (!every || error.error != EAFNOSUPPORT) throw;
    }
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(claim.port);
  if (!every) memcpy(&address.sin_addr, claim.address.data(), sizeof address.sin_addr);
  return bound(AF_INET, type, reinterpret_cast<sockaddr*>(&address), sizeof address, claim.name, false);
}

}  // namespace containerv
