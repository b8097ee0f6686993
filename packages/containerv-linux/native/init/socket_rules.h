#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include <span>

#include "../common/protocol.h"
#include "../common/wire.h"

namespace containerv {

// An address as somebody handed it over: a copy, which nobody else can change.
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in inet;
    sockaddr_in6 inet6;
    sockaddr_storage storage;
    char bytes[sizeof(sockaddr_storage) + 1];  // and a NUL after the longest path
  };
  socklen_t size = 0;

  SocketAddress() : bytes{} {}
  // Of a local socket: what follows the family. Empty: the socket has no name.
  [[nodiscard]] std::span<const char> local_name() const;
};

// Network rules that the socket broker (socket_broker.h) judges by. Written by `src/network/write-broker.ts`.
class SocketRules {
 public:
  SocketRules() = default;
  SocketRules(const SocketRules&) = delete;
  SocketRules& operator=(const SocketRules&) = delete;
  ~SocketRules();

  // False when the message is malformed or there is no memory for it. What it points to must outlive it.
  bool decode(WireReader& reader);
  // Whether there are any, and calls are therefore to be handed over by `filter`.
  [[nodiscard]] bool any() const { return !filter_.empty(); }
  [[nodiscard]] std::span<const uint8_t> filter() const { return filter_; }
  // Lets the filter's listening descriptor out (observed_filter.h).
  [[nodiscard]] uint64_t pass() const { return pass_; }

  // Whether it is left to senders over the internet families by which way something goes: what is judged by packets is.
  [[nodiscard]] bool permit_routes() const { return routes_; }

  // Paths in rules lead through links as they are now. Once, and before anybody else could have made one. `proc` is a
  // procfs. False with errno.
  bool follow_links(int proc);

  // For any of `operations`. `name`: as local_name(), but a path has to be absolute and without links.
  [[nodiscard]] bool permit_local(uint32_t operations, std::span<const char> name) const;
  [[nodiscard]] bool permit_internet(uint32_t operations, const SocketAddress& address, uint32_t ip_protocol) const;

 private:
  struct Rule {
    uint32_t family;
    uint32_t ip_protocol;  // 0: any
    uint32_t operations;
    std::span<const uint8_t> name;  // empty: every local socket
    std::span<const uint8_t> network;  // an address
    uint32_t prefix;
    std::span<const uint8_t> ports;  // pairs of u32: first and last
    char* followed;  // the path of `name` without links; null: as it is
  };
  [[nodiscard]] static bool names(const Rule& rule, std::span<const char> name);
  [[nodiscard]] static bool covers(const Rule& rule, std::span<const uint8_t> address, uint32_t port);

  std::span<const uint8_t> filter_;
  uint64_t pass_ = 0;
  bool routes_ = false;
  Rule* rules_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace containerv
