#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../../common/transfer/messages.h"
#include "../../common/unique_fd.h"

namespace containerv {

// Memory shared with JavaScript while a transfer runs: what has been done, and whether to stop.
class TransferControl {
 public:
  static constexpr size_t kWords = 3;
  explicit TransferControl(uint64_t* words) : words_(words) {}
  void add_bytes(uint64_t bytes) const { __atomic_fetch_add(&words_[0], bytes, __ATOMIC_RELAXED); }
  void add_entry() const { __atomic_fetch_add(&words_[1], 1, __ATOMIC_RELAXED); }
  [[nodiscard]] bool aborted() const { return __atomic_load_n(&words_[2], __ATOMIC_RELAXED) != 0; }

 private:
  uint64_t* words_;
};

struct TransferItem {
  std::string from;
  std::string to;
  bool follow = false;  // a symbolic link at `from` stands for what it leads to
};

enum class Owners {
  kNone,    // what goes in is the container's root's, what comes out the caller's
  kMapped,  // as the container's id map has it
  kSame,    // the numbers inside are those on disk, because the container's mounts map them back
};

struct TransferFailure {
  uint32_t item;
  std::string path;  // below the item's paths; empty: the item itself
  int error;
  std::string call;
  bool at_target;  // the copy's side failed, not the original's
};

struct TransferCounts {
  uint64_t files = 0, directories = 0, links = 0, bytes = 0;
  uint64_t failed = 0;
  std::vector<TransferFailure> failures;  // the first of them
  std::string ended;  // "aborted", "gone": before its end, the rest was not tried

  void fail(uint32_t item, std::string path, int error, std::string call, bool at_target);
};

// An id map as the kernel shows it (user_namespaces(7)): ids outside are those of the driver.
class IdMap {
 public:
  void parse(const std::string& text);
  // Ids inside are the same outside, as far as there are any inside.
  void make_same();
  // An id that has none in the container becomes its root's.
  [[nodiscard]] uint32_t inside(uint32_t outside) const;
  // `fallback` for an id that has none out here.
  [[nodiscard]] uint32_t outside(uint32_t inside, uint32_t fallback) const;

 private:
  struct Range {
    uint32_t inside, outside, count;
  };
  std::vector<Range> ranges_;
};

// The other side is gone: its process was killed, the container ended, or the transfer was aborted.
struct AgentGone {};

// A connection to a transfer agent.
class TransferSession {
 public:
  // Waits for the agent's greeting. @throws AgentGone
  explicit TransferSession(int socket, Owners owners = Owners::kMapped);

  void send(std::span<const uint8_t> datagram) const;
  // The next datagram's fields after its kind, which must be `wanted`. Valid until the next call.
  WireReader receive(transfer::Message wanted);
  // The kind of the next datagram, of which `reader` has the rest.
  transfer::Message receive_any(WireReader& reader);
  UniqueFd take_descriptor() { return std::move(descriptor_); }
  // Sends a request that is answered by a status.
  transfer::Outcome ask(std::span<const uint8_t> datagram);

  [[nodiscard]] const IdMap& users() const { return users_; }
  [[nodiscard]] const IdMap& groups() const { return groups_; }

 private:
  int socket_;
  UniqueFd descriptor_;
  IdMap users_, groups_;
  std::unique_ptr<uint8_t[]> buffer_ = std::make_unique<uint8_t[]>(transfer::Packer::kCapacity);
  std::string call_;
};

// Whether a descriptor that came from the agent is what it is said to be.
bool is_regular_file(int fd);

}  // namespace containerv
