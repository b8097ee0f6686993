#pragma once

#include <stdint.h>

#include <span>

#include "../common/unique_fd.h"
#include "../common/wire.h"
#include "failure.h"

namespace containerv {

// Builds the container's root: runs the plan's list of operations (protocol.h, Operation) one after
// the other. Every target is resolved inside the tree it belongs to, never as a host path.
class RootBuilder {
 public:
  // Mounts a private tmpfs over the host directory `staging`, in this mount namespace only.
  bool stage(const char* staging, Failure& failure);
  bool run(WireReader& plan, Failure& failure);
  // Makes the built tree the root directory and detaches everything else (pivot_root(2)).
  bool enter(Failure& failure);

  // An empty directory that lies outside of the root.
  [[nodiscard]] int outside() const { return empty_.get(); }
  // The procfs instance mounted at /proc of the root, reached past anything mounted over parts of it.
  [[nodiscard]] int proc() const { return proc_.get(); }

 private:
  bool mkdir(WireReader& plan, Failure& failure);
  bool symlink(WireReader& plan, Failure& failure);
  bool mount(WireReader& plan, Failure& failure);
  bool bind(WireReader& plan, Failure& failure);
  bool overlay(WireReader& plan, Failure& failure);
  bool file(WireReader& plan, Failure& failure);
  bool write_file(int tree, const char* path, uint32_t mode, std::span<const uint8_t> content, Failure& failure);
  bool bind_file(const char* path, uint32_t flags, uint32_t mode, std::span<const uint8_t> content, Failure& failure);
  bool open_proc(const char* path, Failure& failure);
  bool mask(WireReader& plan, Failure& failure);
  bool readonly(WireReader& plan, Failure& failure);
  bool sysctl(WireReader& plan, Failure& failure);
  bool open_root(Failure& failure);

  [[nodiscard]] int tree(uint32_t place) const;
  bool open_null(Failure& failure);

  UniqueFd staging_;
  UniqueFd root_;
  UniqueFd proc_;
  UniqueFd null_;
  UniqueFd empty_;
  unsigned files_ = 0;
};

}  // namespace containerv
