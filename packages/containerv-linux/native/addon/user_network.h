#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "../common/unique_fd.h"
#include "launcher.h"

namespace containerv {

// A worker (init/worker.h) that connects the network of a container, which is process 1 of it and has not been told its
// plan yet: after that nobody but root may look at its namespaces. Waited for when it is destroyed, by when the
// container's init has to be ending.
class UserNetwork {
 public:
  UserNetwork() = default;
  UserNetwork(const UserNetwork&) = delete;
  UserNetwork& operator=(const UserNetwork&) = delete;
  ~UserNetwork();

  // `work`: a whole kWork message. What it answers comes over the socket. Throws SysError.
  void begin(int executable, pid_t init, const std::vector<uint8_t>& work);
  // For init to keep: the connection ends with the last of these.
  [[nodiscard]] int life() const { return life_.get(); }
  [[nodiscard]] Launched release();

 private:
  Launched worker_;
  UniqueFd life_;
};

}  // namespace containerv
