#pragma once

#include <string>

namespace containerv {

// An overlay in a user namespace reads "user.overlay.opaque" where tools of root leave "trusted.overlay.opaque"
// (overlayfs.rst, "User xattr"): each directory of the layer that has the latter gets the former too, which changes
// nothing for anybody else. Without it, what the directory replaces would come back. Follows no link. Throws SysError.
void show_opaque_marks(const std::string& layer);

}  // namespace containerv
