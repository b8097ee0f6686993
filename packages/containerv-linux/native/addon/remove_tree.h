#pragma once

#include <string>

namespace containerv {

// Removes a directory tree that a container has filled, however deep or strangely named: by
// descriptor, without following symbolic links or leaving its file system. What is missing already
// is fine. Throws SysError.
void remove_tree(const std::string& path);

}  // namespace containerv
