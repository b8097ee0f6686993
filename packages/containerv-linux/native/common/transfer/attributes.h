#pragma once

#include "entry.h"
#include "packer.h"

namespace containerv::transfer {

// Extended attributes of the user (xattr(7)); those of the system and of security modules mean another thing on
// another machine, or grant something there, and overlayfs keeps its own books in user.overlay.

// Packs those of an open file into `into`, which is cleared first. A file system without any has none.
Outcome read_attributes(int fd, Packer& into);
// A file system that keeps none is left without.
Outcome write_attributes(int fd, Attributes attributes);

}  // namespace containerv::transfer
