#include "netlink.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "../common/netlink.h"
#include "sys_error.h"

namespace containerv {
namespace {

UniqueFd lock_networks(const NetlinkProgram& program) {
  UniqueFd file(open(program.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) fail("lock networks", "open", program.lock);
  // Nobody holds it for longer than one such program runs.
  while (flock(file.get(), program.exclusive ? LOCK_EX : LOCK_SH) != 0)
    if (errno != EINTR) fail("lock networks", "flock", program.lock);
  return file;
}

std::vector<uint8_t> addressed(const NetlinkExchange& exchange, pid_t init) {
  auto messages = exchange.messages;
  const auto id = static_cast<uint32_t>(init);
  for (const uint32_t offset : exchange.pid_offsets) {
    if (offset > messages.size() || messages.size() - offset < sizeof id)
      throw SysError{exchange.step, "sendto(AF_NETLINK)", EBADMSG, ""};
    memcpy(messages.data() + offset, &id, sizeof id);
  }
  return messages;
}

bool tolerates(const NetlinkExchange& exchange, int error) {
  return std::find(exchange.tolerated.begin(), exchange.tolerated.end(), error) != exchange.tolerated.end();
}

NetlinkResult run_exchange(const NetlinkExchange& exchange, pid_t init) {
  UniqueFd fd = open_netlink(exchange.protocol);
  if (!fd) fail(exchange.step, "socket(AF_NETLINK)");
  const auto messages = addressed(exchange, init);
  std::vector<uint8_t> buffer(kNetlinkBuffer);
  NetlinkResult result;
  NetlinkOutcome outcome;
  const auto keep = [&result](std::span<const uint8_t> message) {
    result.replies.insert(result.replies.end(), message.begin(), message.end());
    result.replies.resize(NLMSG_ALIGN(result.replies.size()));
  };
  if (exchange_netlink(fd.get(), messages, buffer, keep, outcome)) return result;
  result.error = outcome.error;
  if (!tolerates(exchange, outcome.error)) throw SysError{exchange.step, "sendto(AF_NETLINK)", outcome.error, outcome.text};
  return result;
}

}  // namespace

std::vector<NetlinkResult> run_netlink(const NetlinkProgram& program, pid_t init) {
  std::vector<NetlinkResult> results;
  if (program.exchanges.empty()) return results;
  UniqueFd lock;
  if (!program.lock.empty()) lock = lock_networks(program);
  for (const auto& exchange : program.exchanges) {
    results.push_back(run_exchange(exchange, init));
    if (exchange.last_when_answered && !results.back().replies.empty()) break;
  }
  return results;
}

}  // namespace containerv
