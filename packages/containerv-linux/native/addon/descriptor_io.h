#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../common/unique_fd.h"

namespace containerv {

// Reads and writes that never block, on descriptors that were made non-blocking.
enum class Transfer { kDone, kWouldBlock, kEnd };

Transfer read_some(int fd, std::span<uint8_t> into, size_t& got);
Transfer write_some(int fd, std::span<const uint8_t> from, size_t& written);

// One datagram with descriptors. kWouldBlock when the peer's buffer is full.
Transfer send_message(int socket, std::span<const uint8_t> message, std::span<const int> fds);
struct Received {
  std::vector<uint8_t> message;
  std::vector<UniqueFd> fds;
};
Transfer receive_message(int socket, Received& received);
// On a blocking socket; a body too large for a datagram goes in a memfd (protocol.h).
void send_whole(int socket, std::span<const uint8_t> message, std::span<const int> fds, const char* step);

// A message as it is sent: the same, or its header with the body in a memfd.
struct Packed {
  std::vector<uint8_t> message;
  UniqueFd body;
};
Packed pack(std::span<const uint8_t> message);

struct Pipe {
  UniqueFd read_end, write_end;
};
Pipe make_pipe();

// F_SETPIPE_SZ (fcntl(2)); false when the kernel does not allow it (EPERM: the user's share is used up).
bool grow_pipe(int fd, int bytes);

// A copy of an executable in memory that nobody can change (memfd_create(2), sealed).
UniqueFd seal_executable(const std::string& path);

// flock(2): shared on a file that is made if it is missing, exclusive on one that is there. Empty when
// somebody holds a lock that excludes this one.
UniqueFd lock_file(const std::string& path, bool exclusive);

}  // namespace containerv
