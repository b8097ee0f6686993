#pragma once

#include <string>
#include <vector>

#include "../common/unique_fd.h"
#include "device_nodes.h"

namespace containerv {

// Something of the host's that a container is to see.
struct SourceTree {
  std::string path;
  bool recursive = false;  // with what is mounted below
  bool mapped = false;     // owners
  bool image = false;      // what is in it, not the file
  std::vector<DeviceNode> devices = {};  // not empty: a new file system with these
};

// A mount of each, attached nowhere; with owners mapped, files belong inside the user namespace of process `pid` to the
// ids that they belong to on disk (mount_setattr(2), MOUNT_ATTR_IDMAP). Only who has CAP_SYS_ADMIN over the file system can make
// them, which the container itself must not have, and which also gets at what is below directories closed to others.
// Fails in step "open mount source" when there is no such path, "map file owners" when this kernel or that file system
// cannot.
std::vector<UniqueFd> make_source_trees(const std::vector<SourceTree>& trees, int pid, const IdMaps& maps);

}  // namespace containerv
