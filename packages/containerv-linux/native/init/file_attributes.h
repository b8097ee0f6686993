#pragma once

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

namespace containerv {

// Extended attributes of what an O_PATH descriptor names, by /proc/self/fd: the calls for descriptors refuse those, and
// the ones for paths could meet another file. For a symbolic link too, of which only the link itself is looked at.
ssize_t get_attribute(int fd, const char* name, void* value, size_t size);

// Copies owner, mode, times and extended attributes from one O_PATH descriptor to another. Times last: the rest changes
// them. Marks of overlayfs that say something of a layer are written in both name spaces, where they can be, so that
// the layer means the same to an overlay in a user namespace and to one outside. Null, or the call that failed.
const char* copy_attributes(int from, int to, const struct stat& about);
const char* copy_times(int to, const struct stat& about);

}  // namespace containerv
