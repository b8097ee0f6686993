#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

namespace containerv {

using namespace protocol;

void Message::release() {
  for (size_t i = 0; i < fd_count_; ++i) fds_[i].reset();
  fd_count_ = first_fd_ = 0;
  free(large_);
  large_ = nullptr;
  body_ = {};
}

Message::Result Message::receive(int socket) {
  release();
  iovec part{inline_, sizeof inline_};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size;
  do size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN ? Result::kNothing : Result::kClosed;
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    int numbers[kMaxDescriptors];
    memcpy(numbers, CMSG_DATA(item), count * sizeof(int));
    for (size_t i = 0; i < count; ++i) fds_[fd_count_++].reset(numbers[i]);
  }
  if (size < static_cast<ssize_t>(kHeader) || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return Result::kClosed;
  memcpy(&type_, inline_, sizeof type_);
  memcpy(&request_, inline_ + 4, sizeof request_);
  body_ = {inline_ + kHeader, static_cast<size_t>(size) - kHeader};
  if (!(type_ & kBodyInMemfd)) return Result::kMessage;
  type_ &= ~kBodyInMemfd;
  uint64_t large_size;
  if (body_.size() != sizeof large_size) return Result::kClosed;
  memcpy(&large_size, body_.data(), sizeof large_size);
  if (large_size > kMaxBody || fd_count_ == 0 || !read_memfd(large_size)) return Result::kClosed;
  first_fd_ = 1;
  return Result::kMessage;
}

// Copied, not mapped: whoever still holds the file could change it while it is decoded.
bool Message::read_memfd(size_t size) {
  large_ = static_cast<uint8_t*>(malloc(size + 1));
  if (!large_) return false;
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fds_[0].get(), large_ + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  body_ = {large_, size};
  return true;
}

struct Client::Pending {
  Pending* next;
  UniqueFd fd;
  size_t size;
  uint8_t bytes[];
};

int send_message(int socket, std::span<const uint8_t> message, std::initializer_list<int> fds, int flags) {
  iovec part{const_cast<uint8_t*>(message.data()), message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  int passed[2];
  size_t count = 0;
  for (const int fd : fds)
    if (fd >= 0 && count < 2) passed[count++] = fd;
  if (count > 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(item), passed, count * sizeof(int));
  }
  ssize_t sent;
  do sent = sendmsg(socket, &header, MSG_NOSIGNAL | flags);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0) return 1;
  return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
}

void send_failure(int socket, const Failure& failure, uint32_t request) {
  send_message(socket, failed_message(failure, request).message());
}

WireWriter failed_message(const Failure& failure, uint32_t request) {
  WireWriter failed(kFailed, request);
  failed.u32(static_cast<uint32_t>(failure.error));
  failed.text(failure.step);
  failed.text(failure.syscall);
  failed.text(failure.path);
  failed.text(failure.detail);
  return failed;
}

Client::~Client() {
  while (queue_) {
    Pending* first = queue_;
    queue_ = first->next;
    first->~Pending();
    free(first);
  }
}

bool Client::send(std::span<const uint8_t> message, UniqueFd fd) {
  if (!queue_) {
    const int sent = send_message(socket_.get(), message, {fd.get()}, MSG_DONTWAIT);
    if (sent != 0) return sent > 0;
  }
  if (queued_bytes_ + message.size() > kMaxQueuedBytes) return false;
  void* memory = malloc(sizeof(Pending) + message.size());
  if (!memory) return false;
  auto* pending = new (memory) Pending{nullptr, static_cast<UniqueFd&&>(fd), message.size()};
  memcpy(pending->bytes, message.data(), message.size());
  *queue_end_ = pending;
  queue_end_ = &pending->next;
  queued_bytes_ += message.size();
  return true;
}

bool Client::flush() {
  while (queue_) {
    const int sent = send_message(socket_.get(), {queue_->bytes, queue_->size}, {queue_->fd.get()}, MSG_DONTWAIT);
    if (sent <= 0) return sent == 0;
    Pending* first = queue_;
    queue_ = first->next;
    if (!queue_) queue_end_ = &queue_;
    queued_bytes_ -= first->size;
    first->~Pending();
    free(first);
  }
  return true;
}

}  // namespace containerv
