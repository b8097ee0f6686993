#pragma once

#include <stdint.h>

#include <initializer_list>
#include <span>

#include "../common/protocol.h"
#include "../common/unique_fd.h"
#include "../common/wire.h"
#include "failure.h"

namespace containerv {

// One message as it came: type, request id, body and descriptors.
class Message {
 public:
  static constexpr size_t kHeader = 8;

  enum class Result { kMessage, kNothing, kClosed };
  // Never blocks when the socket does not. Anything malformed counts as closed.
  Result receive(int socket);

  [[nodiscard]] uint32_t type() const { return type_; }
  [[nodiscard]] uint32_t request() const { return request_; }
  [[nodiscard]] std::span<const uint8_t> body() const { return body_; }
  [[nodiscard]] std::span<UniqueFd> descriptors() { return {fds_ + first_fd_, fd_count_ - first_fd_}; }

  // Closes the descriptors and frees the body.
  void release();

  Message() = default;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message() { release(); }

 private:
  bool read_memfd(size_t size);

  uint8_t inline_[kHeader + protocol::kMaxInline];
  uint8_t* large_ = nullptr;
  std::span<const uint8_t> body_;
  uint32_t type_ = 0;
  uint32_t request_ = 0;
  UniqueFd fds_[protocol::kMaxDescriptors];
  size_t fd_count_ = 0;
  size_t first_fd_ = 0;
};

// One datagram with up to two descriptors; what is below 0 is none. 1 sent, 0 would block, -1 broken.
int send_message(int socket, std::span<const uint8_t> message, std::initializer_list<int> fds = {}, int flags = 0);
// What a kFailed message says.
WireWriter failed_message(const Failure& failure, uint32_t request);
// The same, outside of any connection.
void send_failure(int socket, const Failure& failure, uint32_t request = 0);

// A connection. What cannot be sent at once waits in a bounded queue; a client that lets it fill up
// is dropped, so that one that stalls never holds the others up.
class Client {
 public:
  Client(UniqueFd socket, bool owner) : socket_(static_cast<UniqueFd&&>(socket)), owner_(owner) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  [[nodiscard]] int socket() const { return socket_.get(); }
  [[nodiscard]] bool owner() const { return owner_; }
  // False: the client is to be dropped.
  bool send(std::span<const uint8_t> message, UniqueFd fd = UniqueFd());
  bool flush();
  [[nodiscard]] bool waiting() const { return queue_ != nullptr; }

  Client* next = nullptr;
  bool watched_for_output = false;

 private:
  struct Pending;
  static constexpr size_t kMaxQueuedBytes = 1024 * 1024;

  UniqueFd socket_;
  bool owner_;
  Pending* queue_ = nullptr;
  Pending** queue_end_ = &queue_;
  size_t queued_bytes_ = 0;
};

}  // namespace containerv
