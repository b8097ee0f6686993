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
  // Opens the host directory over which stage() mounts. While we are still who started us: who we become in the user
  // namespace may not get there.
  bool find_staging(const char* staging, Failure& failure);
  // Mounts a private tmpfs over it, in this mount namespace only.
  bool stage(Failure& failure);
  // Attaches the driver's trees in it.
  bool attach(std::span<UniqueFd> trees, Failure& failure);
  bool run(WireReader& plan, Failure& failure);
  // Makes the built tree the root directory and detaches everything else (pivot_root(2)).
  bool enter(Failure& failure);

  // Where the container's writes go, when that is a tmpfs, which no path leads to any more; -1: elsewhere.
  [[nodiscard]] UniqueFd take_memory() { return static_cast<UniqueFd&&>(memory_); }
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
  bool reads_back(const char* path, const char* key, std::span<const uint8_t> wanted, Failure& failure);
  bool open_root(Failure& failure);

  bool attach_tree(int mount, size_t index, Failure& failure);
  [[nodiscard]] int tree(uint32_t place) const;
  [[nodiscard]] UniqueFd open_source(const char* path, int flags) const;
  bool open_null(Failure& failure);

  const char* staging_path_ = "";
  UniqueFd beneath_;
  UniqueFd staging_;
  UniqueFd root_;
  UniqueFd proc_;
  UniqueFd null_;
  UniqueFd empty_;
  UniqueFd memory_;
  unsigned files_ = 0;
};

}  // namespace containerv
