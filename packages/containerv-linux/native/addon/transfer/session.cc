#include "session.h"

#include <sys/stat.h>

#include <cstdio>
#include <sstream>

namespace containerv {

using namespace transfer;

void TransferCounts::fail(uint32_t item, std::string path, int error, std::string call, bool at_target) {
  // A hostile tree can have any number of them.
  constexpr size_t kMaxListed = 1000;
  ++failed;
  if (failures.size() < kMaxListed) failures.push_back({item, std::move(path), error, std::move(call), at_target});
}

void IdMap::parse(const std::string& text) {
  std::istringstream lines(text);
  Range range;
  while (lines >> range.inside >> range.outside >> range.count) ranges_.push_back(range);
}

void IdMap::make_same() {
  for (auto& range : ranges_) range.outside = range.inside;
}

uint32_t IdMap::inside(uint32_t outside) const {
  for (const auto& range : ranges_)
    if (outside >= range.outside && outside - range.outside < range.count) return range.inside + (outside - range.outside);
  return 0;
}

uint32_t IdMap::outside(uint32_t inside, uint32_t fallback) const {
  for (const auto& range : ranges_)
    if (inside >= range.inside && inside - range.inside < range.count) return range.outside + (inside - range.inside);
  return fallback;
}

TransferSession::TransferSession(int socket, Owners owners) : socket_(socket) {
  WireReader hello = receive(kHello);
  const std::string users = hello.text(), groups = hello.text();
  if (!hello.finished()) throw AgentGone{};
  users_.parse(users);
  groups_.parse(groups);
  if (owners != Owners::kSame) return;
  users_.make_same();
  groups_.make_same();
}

void TransferSession::send(std::span<const uint8_t> datagram) const {
  if (!send_datagram(socket_, datagram)) throw AgentGone{};
}

Message TransferSession::receive_any(WireReader& reader) {
  const auto datagram = receive_datagram(socket_, {buffer_.get(), Packer::kCapacity}, descriptor_);
  if (datagram.empty()) throw AgentGone{};
  reader = WireReader(datagram);
  return static_cast<Message>(reader.u32());
}

WireReader TransferSession::receive(Message wanted) {
  WireReader reader({});
  if (receive_any(reader) != wanted) throw AgentGone{};
  return reader;
}

Outcome TransferSession::ask(std::span<const uint8_t> datagram) {
  send(datagram);
  WireReader status = receive(kStatus);
  const auto error = static_cast<int>(status.u32());
  call_ = status.text();
  if (!status.finished()) throw AgentGone{};
  return {error, call_.c_str()};
}

bool is_regular_file(int fd) {
  struct stat about;
  return fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace containerv
