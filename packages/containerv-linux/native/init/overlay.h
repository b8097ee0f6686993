#pragma once

#include <stdint.h>

#include <span>

#include "failure.h"
#include "mounts.h"

namespace containerv {

struct OverlaySpec {
  std::span<const char* const> lower;  // topmost first
  const char* upper;                   // empty: read-only
  const char* work;
  bool user_attributes;
  bool is_volatile;  // nothing is synchronised to the disk (overlayfs.rst, "Volatile mount")
};

// An overlay at the mount point. The directories are opened once and named by descriptor: names of
// any length fit where fsconfig(2) takes 255 bytes and mount(2) a page, need no escaping, and are
// not resolved again. A name that does not begin with a slash is one below `staging`.
bool mount_overlay(const MountPoint& at, const OverlaySpec& spec, int staging, uint32_t attributes, Failure& failure);

}  // namespace containerv
