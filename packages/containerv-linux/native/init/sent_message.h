#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "called_task.h"
#include "socket_rules.h"

namespace containerv {

// What somebody wants to send: a copy of the address, the data and what goes along with it (sendmsg(2)). Descriptors that
// are to be passed on are ours by then.
class SentMessage {
 public:
  SentMessage() = default;
  SentMessage(const SentMessage&) = delete;
  SentMessage& operator=(const SentMessage&) = delete;
  ~SentMessage();

  // The arguments of sendto(2). Of a stream no more than fits is taken, which is what a stream may do. 0 or an errno.
  int take(const CalledTask& task, uint64_t data, uint64_t size, uint64_t address, uint64_t address_size, bool stream);
  // A struct msghdr of the task's.
  int take(const CalledTask& task, uint64_t header, bool stream);
  // Whether everything that goes along is known not to change where the message goes.
  [[nodiscard]] bool keeps_way() const;
  // Says of a message over a local socket whom it is from, as the kernel would if the task sent it itself. What the task
  // says so must be true. 0 or an errno.
  int name_sender(const CalledTask& task);

  // Empty: none.
  SocketAddress to;
  // The number of bytes, or -1 with errno.
  ssize_t send(int socket, int flags);

 private:
  static constexpr size_t kMaxParts = 1024;
  static constexpr size_t kMaxData = 4 * 1024 * 1024;
  static constexpr size_t kMaxControl = 32 * 1024;
  static constexpr size_t kMaxPassed = 253;  // SCM_MAX_FD of the kernel

  int take_address(const CalledTask& task, uint64_t address, int32_t size);
  int take_data(const CalledTask& task, const iovec* parts, size_t count, bool stream);
  int take_control(const CalledTask& task, uint64_t address, size_t size);
  int take_passed(const CalledTask& task, cmsghdr* item);
  [[nodiscard]] cmsghdr* next(const cmsghdr* item) const;

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  alignas(cmsghdr) uint8_t control_[kMaxControl + CMSG_SPACE(sizeof(ucred))];
  size_t control_size_ = 0;
};

}  // namespace containerv
