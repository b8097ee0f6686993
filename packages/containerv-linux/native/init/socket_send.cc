// The calls that send messages, of class SocketCall.
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <new>

#include "../common/kernel.h"
#include "socket_call.h"

namespace containerv {
namespace {

using namespace protocol;

// struct mmsghdr as the kernel has it.
constexpr uint64_t kManySize = 64;
constexpr uint64_t kManyLength = 56;

}  // namespace

int SocketCall::prepare_messages() {
  const bool stream = type_ == SOCK_STREAM;
  const auto& args = call_.args;
  const bool many = call_.nr == SYS_sendmmsg;
  // Fewer than were asked for may be sent (sendmmsg(2)).
  const auto wanted = static_cast<uint32_t>(args[2]);
  message_count_ = !many ? 1 : wanted < kMaxMessages ? wanted : kMaxMessages;
  messages_ = new (std::nothrow) SentMessage[message_count_];
  if (!messages_) return ENOBUFS;
  if (call_.nr == SYS_sendto) return messages_[0].take(task_, args[1], args[2], args[4], args[5], stream);
  for (size_t i = 0; i < message_count_; ++i) {
    const int error = messages_[i].take(task_, args[1] + i * kManySize, stream);
    if (error == 0) continue;
    if (i == 0) return error;
    message_count_ = i;
  }
  return many ? task_.open_memory(memory_) : 0;
}

int SocketCall::judge_message(SentMessage& message) {
  if (type_ == SOCK_DGRAM && message.to.size != 0)
    if (const int error = judge_way(kSendSocket, message.to)) return error;
  if (is_local()) return message.name_sender(task_);
  return !is_internet() || rules_.permit_routes() || message.keeps_way() ? 0 : EPERM;
}

int64_t SocketCall::send_messages() {
  const bool many = call_.nr == SYS_sendmmsg;
  const auto flags = static_cast<int>(call_.args[call_.nr == SYS_sendmsg ? 2 : 3]);
  // Of our memory, which is gone before it would be sent.
  if (flags & MSG_ZEROCOPY) return -EOPNOTSUPP;
  for (size_t i = 0; i < message_count_; ++i) {
    SentMessage& message = messages_[i];
    int error = judge_message(message);
    // To say that something is from whom it is from, and not from us (unix(7), SCM_CREDENTIALS).
    if (error == 0 && is_local()) error = task_.set_effective(task_.capabilities() | kSysAdmin, kSpare);
    const ssize_t sent = error == 0 ? message.send(socket_.get(), flags) : -1;
    if (error == 0 && sent < 0) error = errno;
    if (is_local()) task_.set_effective(task_.capabilities(), kSpare);
    if (error == EPIPE && type_ == SOCK_STREAM && !(flags & MSG_NOSIGNAL))
      syscall(SYS_tgkill, task_.process(), task_.thread(), SIGPIPE);
    if (error != 0) return i == 0 ? -error : static_cast<int64_t>(i);
    if (!many) return sent;
    const auto length = static_cast<uint32_t>(sent);
    const auto at = static_cast<off64_t>(call_.args[1] + i * kManySize + kManyLength);
    if (pwrite64(memory_.get(), &length, sizeof length, at) != sizeof length) return i == 0 ? -EFAULT : static_cast<int64_t>(i);
  }
  return static_cast<int64_t>(message_count_);
}

}  // namespace containerv
