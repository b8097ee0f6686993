#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "../common/unique_fd.h"
#include "id_maps.h"

namespace containerv {

struct DeviceNode {
  mode_t mode = 0;  // type and permissions
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t uid = 0;  // of the container
  uint32_t gid = 0;
};

// A mount, attached nowhere, of a tmpfs with these nodes, called 0, 1 and so on. It is of this program's user namespace,
// or the nodes would open nothing. Fails in step "make device".
UniqueFd make_device_nodes(const std::vector<DeviceNode>& nodes, const IdMaps& maps);

}  // namespace containerv
