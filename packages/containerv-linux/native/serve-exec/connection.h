#pragma once

#include <stddef.h>
#include <stdint.h>

#include <span>

#include "../common/unique_fd.h"

namespace containerv {

// A connection to a container's init.
class Connection {
 public:
  enum class Result { kMessage, kClosed };

  // False: `status` is what to exit with, everything has been said.
  bool open(const char* id, char** environment, int& status);
  [[nodiscard]] int socket() const { return socket_.get(); }
  // A whole message with its header; one that is too large for a datagram goes in a memfd. 0 or -errno.
  long send(std::span<const uint8_t> message, std::span<const int> descriptors = {});
  // Waits for one.
  Result receive();

  [[nodiscard]] uint32_t type() const { return type_; }
  [[nodiscard]] std::span<const uint8_t> body() const { return body_; }
  // What came with it, if anything did.
  UniqueFd& descriptor() { return descriptor_; }

 private:
  UniqueFd socket_;
  uint32_t type_ = 0;
  std::span<const uint8_t> body_;
  UniqueFd descriptor_;
  uint8_t buffer_[8192];
};

}  // namespace containerv
