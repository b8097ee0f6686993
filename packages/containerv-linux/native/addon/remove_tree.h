#pragma once

#include <string>

#include "graveyard.h"

namespace containerv {

// Removes a directory tree that a container has filled, however deep or strangely named: by
// descriptor, without following symbolic links or leaving its file system. What is missing already
// is fine. Throws SysError.
void remove_tree(const std::string& path, Graveyard& graveyard);

// The same, `last` of the directory's own entries after all others: as long as it is there, the
// directory is somebody's.
void remove_tree_and_last(const std::string& path, const std::string& last, Graveyard& graveyard);

}  // namespace containerv
