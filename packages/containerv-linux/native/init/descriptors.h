#pragma once

namespace containerv {

// Closes every descriptor from `first` up: close_range(2), before Linux 5.9 those that /proc/self/fd
// lists, and without a procfs one by one. Not by poll(2), which does not see O_PATH descriptors.
void close_from(unsigned first);

}  // namespace containerv
