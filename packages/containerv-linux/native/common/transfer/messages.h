#pragma once

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include <span>

#include "../unique_fd.h"
#include "packer.h"

// What the driver's addon and a container's transfer agent say to each other over a SOCK_SEQPACKET socket of
// their own. A datagram is a u32 message and its fields; both ends are parts of one release.

namespace containerv::transfer {

enum Message : uint32_t {
  kHello = 1,    // agent: the uid map and the gid map as it reads them
  kTarget = 2,   // addon: where the next tree goes, a path. Answer: kStatus
  kSource = 3,   // addon: a path to be sent, and whether to follow a link there. Answer: kRecords, kFile..., kEnd
  kRecords = 4,  // a part of a tree. To the agent: answered by kResults
  kResults = 5,  // agent: what failed, by the record's place in its datagram: u32 place, u32 errno, text call
  kOpen = 6,     // addon: a large file of that name is to come. Answer: kStatus with a descriptor to write to
  kCommit = 7,   // addon: it is whole; metadata and attributes. Answer: kStatus
  kDiscard = 8,  // addon: it never will be. Answer: kStatus
  kStatus = 9,   // agent: u32 errno, text call
  kFile = 10,    // agent: a large file: name, metadata, attributes, and a descriptor to read from
  kEnd = 11,     // agent: the tree is complete
  kFetch = 12,   // addon: one file's content is wanted, a path. Answer: kStatus with a descriptor to read from
};

enum Record : uint32_t {
  kEnter = 1,   // name, metadata: a directory, in which what follows lies
  kLeave = 2,   // metadata, attributes: of the directory that ends
  kSmall = 3,   // name, metadata, attributes, content
  kLink = 4,    // name, metadata, target
  kFailed = 5,  // name, u32 errno, text call: what could not be sent
};

// Blocks. False when the other side is gone.
inline bool send_datagram(int socket, std::span<const uint8_t> datagram, int fd = -1) {
  iovec part{const_cast<uint8_t*>(datagram.data()), datagram.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(item), &fd, sizeof fd);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(datagram.size());
}

// Blocks. Empty when the other side is gone, or what it sent is no datagram of ours.
inline std::span<const uint8_t> receive_datagram(int socket, std::span<uint8_t> into, UniqueFd& fd) {
  iovec part{into.data(), into.size()};
  // Room for one descriptor: the kernel closes any others. CMSG_SPACE is rounded up, to room for two.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = CMSG_LEN(sizeof(int));
  fd.reset();
  ssize_t size;
  do size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size <= 0) return {};
  if (cmsghdr* item = CMSG_FIRSTHDR(&header);
      item && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS && item->cmsg_len == CMSG_LEN(sizeof(int))) {
    int number;
    memcpy(&number, CMSG_DATA(item), sizeof number);
    fd.reset(number);
  }
  if (header.msg_flags & MSG_TRUNC) return {};
  return into.first(static_cast<size_t>(size));
}

}  // namespace containerv::transfer
