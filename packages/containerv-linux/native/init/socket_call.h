#pragma once

#include <linux/capability.h>
#include <linux/seccomp.h>

#include "called_task.h"
#include "sent_message.h"
#include "socket_rules.h"

namespace containerv {

// One call of a socket's that was handed over: judged by the rules on a copy of what it was given, and made with that
// copy by us, on the caller's socket. Nothing of it is left to the caller to do, who could change what was looked at
// (seccomp_unotify(2), CAVEATS).
class SocketCall {
 public:
  // Between prepare() and act() the caller of this asks whether the call still waits, and takes on the task's identity.
  SocketCall(const SocketRules& rules, int proc, const seccomp_data& call, CalledTask& task)
      : rules_(rules), proc_(proc), call_(call), task_(task) {}

  // Capabilities that act() may ask the kernel with, besides those of the caller.
  static constexpr uint64_t kNetAdmin = 1ULL << CAP_NET_ADMIN;
  static constexpr uint64_t kSysAdmin = 1ULL << CAP_SYS_ADMIN;
  static constexpr uint64_t kSpare = kNetAdmin | kSysAdmin;

  // Takes the socket and the address. 0 or an errno.
  int prepare();
  // What the call returns, or -errno.
  int64_t act();

 private:
  int64_t connect_socket();
  int64_t bind_socket();
  int64_t listen_socket();
  int64_t send_messages();
  int prepare_messages();
  int judge_message(SentMessage& message);
  int64_t bind_path();
  [[nodiscard]] bool is_local() const { return domain_ == AF_UNIX; }
  [[nodiscard]] bool is_internet() const { return domain_ == AF_INET || domain_ == AF_INET6; }
  [[nodiscard]] int option(int name) const;
  int take_address(uint64_t address, uint64_t size);
  // Whether somebody may go to `address`, which becomes one by which nobody else is reached.
  int judge_way(uint32_t operations, SocketAddress& address);
  int judge_internet_bind(protocol::SocketOperation operation, const SocketAddress& address) const;
  int judge_listen();
  int find_peer(uint32_t operations, SocketAddress& address);
  bool real_path(int fd, char* path, size_t size) const;

  const SocketRules& rules_;
  int proc_;
  const seccomp_data& call_;
  CalledTask& task_;
  UniqueFd socket_;
  UniqueFd peer_;  // the local socket's file that is connected to
  SocketAddress address_;
  static constexpr size_t kMaxMessages = 8;
  SentMessage* messages_ = nullptr;
  size_t message_count_ = 0;
  UniqueFd memory_;
  int domain_ = 0;
  int type_ = 0;
};

}  // namespace containerv
