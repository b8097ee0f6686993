#pragma once

#include <string>

#include "../common/unique_fd.h"

namespace containerv {

// A squashfs or erofs file as a mount that is attached nowhere: read-only, nosuid, nodev, and gone with its last user.
// An erofs is read from the file itself where the kernel can (Linux 6.12), anything else through a loop device, which
// the kernel clears when nobody uses it any more (loop(4), LO_FLAGS_AUTOCLEAR), also when we are killed at any point.
// Needs CAP_SYS_ADMIN. Fails in step "mount image"; EMEDIUMTYPE: it is neither.
UniqueFd mount_image(const std::string& path);

}  // namespace containerv
