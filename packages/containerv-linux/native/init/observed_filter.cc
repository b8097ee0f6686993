#include "observed_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../common/kernel.h"

// Linux 5.19: once handed over, a call is not interrupted by signals but fatal ones.
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace containerv {
namespace {

using kernel::raw_syscall;

long load(const sock_fprog& program, unsigned long flags) {
  return raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, static_cast<long>(flags), reinterpret_cast<long>(&program));
}

}  // namespace

int load_observed_filter(std::span<const uint8_t> filter, uint64_t pass, int observer) {
  return load_observed_filter(filter, pass, observer, 0, -1);
}

int load_observed_filter(std::span<const uint8_t> filter, uint64_t pass, int observer, uint64_t note, int besides) {
  const sock_fprog program{static_cast<unsigned short>(filter.size() / sizeof(sock_filter)),
                           reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(filter.data()))};
  iovec part{&note, sizeof note};
  int fds[] = {-1, besides};
  const size_t size = besides < 0 ? sizeof fds[0] : sizeof fds;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(size);
  long listener = load(program, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
  if (listener == -EINVAL) listener = load(program, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  if (listener < 0) return static_cast<int>(listener);
  fds[0] = static_cast<int>(listener);
  memcpy(CMSG_DATA(item), fds, size);
  constexpr uint64_t kUpper = 0xffffffff00000000;
  const long sent = raw_syscall(SYS_sendmsg, static_cast<long>((pass & kUpper) | static_cast<uint32_t>(observer)),
                                reinterpret_cast<long>(&message), static_cast<long>(pass << 32 | MSG_NOSIGNAL));
  return sent < 0 ? static_cast<int>(sent) : 0;
}

}  // namespace containerv
