#pragma once

// Sends netlink messages that TypeScript built (src/netlink) and reads what the kernel answers. Nothing here knows what
// they say. The kernel works a request off within sendmsg(2), so its answers are there when that returns; only a dump
// goes on while it is read (net/netlink/af_netlink.c).

#include <errno.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <span>

#include "unique_fd.h"

namespace containerv {

struct NetlinkOutcome {
  int error = 0;          // positive errno of the first message that failed
  uint32_t sequence = 0;  // its number
  char text[200] = {};    // what the kernel says about it, if anything (NETLINK_EXT_ACK)
};

inline UniqueFd open_netlink(int protocol) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return fd;
  const int on = 1;
  // Older kernels answer without texts.
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  // A batch is one message, which has to fit; answers must not get lost.
  const int room = 4 * 1024 * 1024;
  for (const int option : {SO_SNDBUF, SO_SNDBUFFORCE, SO_RCVBUF, SO_RCVBUFFORCE})
    setsockopt(fd.get(), SOL_SOCKET, option, &room, sizeof room);
  return fd;
}

namespace netlink_detail {

// The number of the last message that the kernel has to answer, 0 when there is none or the messages are malformed.
inline uint32_t last_answered(std::span<const uint8_t> messages) {
  uint32_t last = 0;
  while (!messages.empty()) {
    nlmsghdr header;
    if (messages.size() < sizeof header) return 0;
    memcpy(&header, messages.data(), sizeof header);
    // Before it is rounded up, which makes 0 of what is near the largest number.
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > messages.size()) return 0;
    const size_t size = NLMSG_ALIGN(header.nlmsg_len);
    if (size > messages.size()) return 0;
    if (header.nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP)) last = header.nlmsg_seq;
    messages = messages.subspan(size);
  }
  return last;
}

// What the kernel gives as a negative errno; anything else it never says.
inline int errno_of(int32_t number) { return number < 0 && number >= -4095 ? -number : EPROTO; }

inline void read_error(std::span<const uint8_t> message, uint32_t sequence, NetlinkOutcome& outcome) {
  nlmsghdr header;
  nlmsgerr error;
  memcpy(&header, message.data(), sizeof header);
  memcpy(&error, message.data() + sizeof header, sizeof error);
  outcome.error = errno_of(error.error);
  outcome.sequence = sequence;
  if (!(header.nlmsg_flags & NLM_F_ACK_TLVS)) return;
  size_t at = sizeof header + sizeof error;
  if (!(header.nlmsg_flags & NLM_F_CAPPED)) at += NLMSG_ALIGN(error.msg.nlmsg_len) - sizeof error.msg;
  while (at + sizeof(nlattr) <= message.size()) {
    nlattr attribute;
    memcpy(&attribute, message.data() + at, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || at + attribute.nla_len > message.size()) return;
    const size_t size = attribute.nla_len - sizeof attribute;
    if ((attribute.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
      memcpy(outcome.text, message.data() + at + sizeof attribute, size < sizeof outcome.text ? size : sizeof outcome.text - 1);
    at += NLA_ALIGN(attribute.nla_len);
  }
}

}  // namespace netlink_detail

// The kernel sizes the pieces of a dump by the room it is given, up to this much.
inline constexpr size_t kNetlinkBuffer = 32 * 1024;

// Sends the messages in one go and reads all answers, by way of `buffer`. `on_reply` gets every message
// that is neither an acknowledgement nor the end of a dump, header and all. True when everything was
// acknowledged; a message is never taken for done without the kernel's word.
template <typename OnReply>
bool exchange_netlink(int fd, std::span<const uint8_t> messages, std::span<uint8_t> buffer, OnReply on_reply,
                      NetlinkOutcome& outcome) {
  outcome = NetlinkOutcome{};
  const uint32_t awaited = netlink_detail::last_answered(messages);
  if (awaited == 0) {
    outcome.error = EBADMSG;
    return false;
  }
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent;
  do {
    sent = sendto(fd, messages.data(), messages.size(), 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    outcome.error = errno;
    return false;
  }
  bool answered = false;
  for (;;) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0 || static_cast<size_t>(got) > buffer.size()) {
      outcome.error = got < 0 ? errno : EMSGSIZE;
      return false;
    }
    std::span<const uint8_t> rest = buffer.first(static_cast<size_t>(got));
    while (rest.size() >= sizeof(nlmsghdr)) {
      nlmsghdr header;
      memcpy(&header, rest.data(), sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) break;
      const auto message = rest.first(header.nlmsg_len);
      const bool with_number = header.nlmsg_len >= sizeof header + sizeof(int32_t);
      int32_t number = 0;
      if (with_number) memcpy(&number, message.data() + sizeof header, sizeof number);
      if (header.nlmsg_type == NLMSG_ERROR && header.nlmsg_len >= sizeof header + sizeof(nlmsgerr)) {
        if (number != 0 && outcome.error == 0) netlink_detail::read_error(message, header.nlmsg_seq, outcome);
        if (number == 0 && header.nlmsg_seq == awaited) answered = true;
      } else if (header.nlmsg_type == NLMSG_DONE) {
        if (with_number && number < 0 && outcome.error == 0) outcome.error = netlink_detail::errno_of(number);
        if (header.nlmsg_seq == awaited) answered = true;
      } else if (header.nlmsg_type != NLMSG_NOOP) {
        on_reply(message);
      }
      const size_t size = NLMSG_ALIGN(header.nlmsg_len);
      rest = rest.subspan(size < rest.size() ? size : rest.size());
    }
  }
  if (outcome.error == 0 && !answered) outcome.error = EPROTO;
  return outcome.error == 0;
}

}  // namespace containerv
