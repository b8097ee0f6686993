#include "sent_message.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/mman.h>

namespace containerv {
namespace {

// struct msghdr as the kernel has it.
struct UserHeader {
  uint64_t name;
  int32_t name_size;
  uint32_t pad;
  uint64_t parts;
  uint64_t part_count;
  uint64_t control;
  uint64_t control_size;
  uint32_t flags;
};

struct Kind {
  int level;
  int type;
};

// cmsg(3) of ip(7), ipv6(7), udp(7) and socket(7) that say how a datagram goes, not where. All others might: routes of the
// sender's choice are among them.
constexpr Kind kHarmless[] = {
    {IPPROTO_IP, IP_TOS},          {IPPROTO_IP, IP_TTL},           {IPPROTO_IP, IP_PKTINFO},
    {IPPROTO_IPV6, IPV6_PKTINFO},  {IPPROTO_IPV6, IPV6_HOPLIMIT},  {IPPROTO_IPV6, IPV6_TCLASS},
    {IPPROTO_IPV6, IPV6_DONTFRAG}, {IPPROTO_UDP, 103 /* UDP_SEGMENT */}, {SOL_SOCKET, SO_TIMESTAMPING},
};

}  // namespace

SentMessage::~SentMessage() {
  if (data_) munmap(data_, kMaxData);
}

// Without a look at what is beyond: sizes in it are somebody else's.
cmsghdr* SentMessage::next(const cmsghdr* item) const {
  const auto* start = control_;
  size_t at = 0;
  if (item) at = static_cast<size_t>(reinterpret_cast<const uint8_t*>(item) - start) + CMSG_ALIGN(item->cmsg_len);
  if (at > control_size_ || control_size_ - at < sizeof(cmsghdr)) return nullptr;
  auto* found = reinterpret_cast<cmsghdr*>(const_cast<uint8_t*>(start) + at);
  return found->cmsg_len < sizeof(cmsghdr) || found->cmsg_len > control_size_ - at ? nullptr : found;
}

int SentMessage::take_address(const CalledTask& task, uint64_t address, int32_t size) {
  if (address == 0 || size == 0) return 0;
  if (size < 0) return EINVAL;
  const auto most = static_cast<int32_t>(sizeof to.storage);
  to.size = static_cast<socklen_t>(size > most ? most : size);
  return task.read_memory(address, to.bytes, to.size);
}

int SentMessage::take_data(const CalledTask& task, const iovec* parts, size_t count, bool stream) {
  static iovec wanted[kMaxParts];
  size_t taken = 0, total = 0;
  for (; taken < count; ++taken) {
    const size_t room = kMaxData - total;
    wanted[taken] = parts[taken];
    if (wanted[taken].iov_len > room) {
      if (!stream) return EMSGSIZE;
      wanted[taken].iov_len = room;
    }
    total += wanted[taken].iov_len;
  }
  if (total == 0) return 0;
  void* memory = mmap(nullptr, kMaxData, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return ENOBUFS;
  data_ = static_cast<uint8_t*>(memory);
  size_ = total;
  return task.read_memory(wanted, taken, data_, total);
}

int SentMessage::take(const CalledTask& task, uint64_t data, uint64_t size, uint64_t address, uint64_t address_size,
                      bool stream) {
  if (const int error = take_address(task, address, static_cast<int32_t>(address_size))) return error;
  const iovec part{reinterpret_cast<void*>(data), size};
  return take_data(task, &part, 1, stream);
}

int SentMessage::take(const CalledTask& task, uint64_t header_address, bool stream) {
  UserHeader header;
  if (const int error = task.read_memory(header_address, &header, sizeof header)) return error;
  if (header.part_count > kMaxParts) return EMSGSIZE;
  if (const int error = take_address(task, header.name, header.name_size)) return error;
  static iovec parts[kMaxParts];
  const auto count = static_cast<size_t>(header.part_count);
  if (const int error = task.read_memory(header.parts, parts, count * sizeof parts[0])) return error;
  if (const int error = take_data(task, parts, count, stream)) return error;
  return header.control == 0 ? 0 : take_control(task, header.control, header.control_size);
}

int SentMessage::take_control(const CalledTask& task, uint64_t address, size_t size) {
  if (size > kMaxControl) return ENOBUFS;
  control_size_ = size;
  if (const int error = task.read_memory(address, control_, size)) return error;
  size_t whole = 0;
  for (cmsghdr* item = next(nullptr); item; item = next(item)) {
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS)
      if (const int error = take_passed(task, item)) return error;
    whole = static_cast<size_t>(reinterpret_cast<uint8_t*>(item) - control_) + CMSG_ALIGN(item->cmsg_len);
  }
  // What is malformed is the kernel's to refuse, in one that is; a rest that it would not look at is left out.
  if (whole < size && size - whole >= sizeof(cmsghdr)) return EINVAL;
  control_size_ = whole < size ? whole : size;
  return 0;
}

int SentMessage::take_passed(const CalledTask& task, cmsghdr* item) {
  const size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  if (count > kMaxPassed) return EINVAL;
  for (size_t i = 0; i < count; ++i) {
    int number;
    memcpy(&number, CMSG_DATA(item) + i * sizeof number, sizeof number);
    UniqueFd ours;
    if (const int error = task.take_descriptor(number, ours)) return error;
    number = ours.release();
    memcpy(CMSG_DATA(item) + i * sizeof number, &number, sizeof number);
  }
  return 0;
}

bool SentMessage::keeps_way() const {
  for (const cmsghdr* item = next(nullptr); item; item = next(item)) {
    bool harmless = false;
    for (const auto& [level, type] : kHarmless) harmless |= item->cmsg_level == level && item->cmsg_type == type;
    if (!harmless) return false;
  }
  return true;
}

int SentMessage::name_sender(const CalledTask& task) {
  for (const cmsghdr* item = next(nullptr); item; item = next(item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_CREDENTIALS) continue;
    ucred told;
    if (item->cmsg_len != CMSG_LEN(sizeof told)) return EINVAL;
    memcpy(&told, CMSG_DATA(item), sizeof told);
    // User and group the kernel looks at: ours are the task's.
    return told.pid == task.process() ? 0 : EPERM;
  }
  const ucred sender{task.process(), task.user(), task.group()};
  const size_t start = CMSG_ALIGN(control_size_);
  memset(control_ + start, 0, CMSG_SPACE(sizeof sender));
  auto* item = reinterpret_cast<cmsghdr*>(control_ + start);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_CREDENTIALS;
  item->cmsg_len = CMSG_LEN(sizeof sender);
  memcpy(CMSG_DATA(item), &sender, sizeof sender);
  control_size_ = start + CMSG_SPACE(sizeof sender);
  return 0;
}

ssize_t SentMessage::send(int socket, int flags) {
  iovec part{data_, size_};
  msghdr header{};
  header.msg_name = to.size ? to.bytes : nullptr;
  header.msg_namelen = to.size;
  header.msg_iov = &part;
  header.msg_iovlen = size_ ? 1 : 0;
  header.msg_control = control_size_ ? control_ : nullptr;
  header.msg_controllen = control_size_;
  return sendmsg(socket, &header, flags | MSG_NOSIGNAL);
}

}  // namespace containerv
