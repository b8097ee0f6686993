#include "network.h"

#include "../common/netlink.h"

namespace containerv {

bool configure_network(WireReader& plan, Failure& failure) {
  const char* step = plan.text();
  const auto protocol = static_cast<int>(plan.u32());
  const auto messages = plan.bytes();
  if (!plan.ok()) return false;
  UniqueFd fd = open_netlink(protocol);
  if (!fd) return failure.set(step, "socket(AF_NETLINK)");
  static uint8_t buffer[kNetlinkBuffer];
  NetlinkOutcome outcome;
  if (exchange_netlink(fd.get(), messages, buffer, [](std::span<const uint8_t>) {}, outcome)) return true;
  failure.set(outcome.error, step, "sendto(AF_NETLINK)");
  snprintf(failure.detail, sizeof failure.detail, "message %u%s%s", outcome.sequence, outcome.text[0] ? ": " : "",
           outcome.text);
  return false;
}

}  // namespace containerv
