#pragma once

namespace containerv {

// Closes every descriptor from `first` up: close_range(2), and before Linux 5.9 one by one.
// Not from a list in /proc: that may be masked, and poll(2) does not see O_PATH descriptors.
void close_from(unsigned first);

}  // namespace containerv
