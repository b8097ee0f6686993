#pragma once

#include <stddef.h>
#include <sys/stat.h>

namespace containerv {

// What overlayfs leaves in an upper directory (overlayfs.rst, "whiteouts and opaque directories").

// A character device 0:0 stands for something that was deleted.
bool is_whiteout(const struct stat& about);

// A directory that replaces what the layers below have by its name: "trusted.overlay.opaque" or "user.overlay.opaque".
bool is_opaque(int directory);

// The attribute's name behind "trusted.overlay." or "user.overlay.", or null.
const char* overlay_attribute(const char* name);

// Whether an overlay attribute means something only to the overlay that made it: file handles of its lower layers, and
// bookkeeping of its upper one.
bool is_private_mark(const char* attribute);

}  // namespace containerv
