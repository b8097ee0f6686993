#pragma once

namespace containerv {

enum class Guest { kLinux, kWindows };

// A path as a container sees it, in one canonical spelling: what containerPath(path, 'linux' or 'wcow') of
// containerv-api makes of it, which has the reasons. `to` has room for strlen(path) + 2,
// and for 2 more for Windows.
void map_into_container(const char* path, char* to, Guest guest = Guest::kLinux);
// The same for a Linux container on Windows: below /chef/rootfs exactly once, as with 'lcow'. `to` has room
// for strlen(path) + 14.
void map_into_lcow(const char* path, char* to);

}  // namespace containerv
