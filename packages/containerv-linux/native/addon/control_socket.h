#pragma once

#include <string>

#include "../common/unique_fd.h"

namespace containerv {

// The socket `control` in a container's state directory. The directory is named by descriptor, so
// its path may be longer than a socket address holds (unix(7): 108 bytes).
UniqueFd listen_control_socket(const std::string& state_directory);
UniqueFd connect_control_socket(const std::string& state_directory);

}  // namespace containerv
