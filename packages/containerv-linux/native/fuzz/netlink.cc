// What a kernel answers, and what it is sent (common/netlink.h). The first byte says where the one ends and the other
// begins; the socket is this program.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <span>

namespace {

std::span<const uint8_t> answers;

ssize_t fuzz_sendto(int, const void*, size_t size, int, const sockaddr*, socklen_t) { return static_cast<ssize_t>(size); }

// A datagram is as long as its first two bytes say; one that does not fit has its whole length for an answer.
ssize_t fuzz_recv(int, void* into, size_t room, int) {
  if (answers.size() < 2) return errno = EAGAIN, -1;
  const size_t wanted = answers[0] | answers[1] << 8;
  answers = answers.subspan(2);
  const size_t size = std::min(wanted, answers.size());
  memcpy(into, answers.data(), std::min(size, room));
  answers = answers.subspan(size);
  return static_cast<ssize_t>(size);
}

}  // namespace

#define sendto fuzz_sendto
#define recv fuzz_recv
#include "../common/netlink.h"

using namespace containerv;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t sent = std::min<size_t>(data[0], size - 1);
  answers = {data + 1 + sent, size - 1 - sent};
  // Of this very size: a byte too far is seen.
  static constexpr size_t kRoom = 512;
  uint8_t* buffer = static_cast<uint8_t*>(malloc(kRoom));
  NetlinkOutcome outcome;
  const bool done = exchange_netlink(
      -1, {data + 1, sent}, {buffer, kRoom},
      [](std::span<const uint8_t> message) {
        if (message.size() < sizeof(nlmsghdr)) abort();
      },
      outcome);
  if (done != (outcome.error == 0)) abort();
  if (!memchr(outcome.text, 0, sizeof outcome.text)) abort();
  free(buffer);
  return 0;
}
