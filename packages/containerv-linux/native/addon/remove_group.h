#pragma once

#include <string>

namespace containerv {

// Removes a control group; it is none that others have made, and not there is as good as removed. In v2 what was killed
// in it is waited for: without a namespace of processes, the container's init does not outlive the rest.
// Throws SysError.
void remove_group(const std::string& path);

}  // namespace containerv
