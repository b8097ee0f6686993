#pragma once

#include <stdint.h>

#include <span>

#include "../common/unique_fd.h"
#include "failure.h"

namespace containerv {

struct MountOption {
  const char* key;
  const char* value;  // empty: a flag
};

// A mount point: `fd` was opened with O_PATH at `path` below `root`.
struct MountPoint {
  int root;
  const char* path;
  UniqueFd fd;
};

// A new instance of a file system, attached at the mount point. `attributes` are MOUNT_ATTR_*.
// With fsopen(2), and then the mount's root is in `mounted`; on kernels before 5.2 with mount(2) on the mount point's
// descriptor.
bool mount_filesystem(const MountPoint& at, const char* type, const char* source, uint32_t attributes,
                      std::span<const MountOption> options, const char* step, Failure& failure,
                      UniqueFd* mounted = nullptr);

// The same with mount(2) alone, whose options are one text of at most a page.
bool mount_by_data(const MountPoint& at, const char* type, const char* source, uint32_t attributes,
                   std::span<const MountOption> options, const char* step, Failure& failure);

// What `source` (an O_PATH descriptor in this mount namespace) names, attached at the mount point
// with the attributes really in force: with open_tree(2) and mount_setattr(2); on older kernels
// with mount(2), and a remount of each mount below when recursive.
bool bind(const MountPoint& at, int source, uint32_t attributes, bool recursive, const char* step, Failure& failure);

// Sets attributes on the mount whose root is at root/path.
bool set_mount_attributes(int root, const char* path, uint32_t attributes, bool recursive, const char* step,
                          Failure& failure);

}  // namespace containerv
