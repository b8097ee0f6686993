#pragma once

namespace containerv {

// A path as a Linux container sees it, in one canonical spelling: what containerPath(path, 'linux') of
// containerv-api makes of it, which has the reasons. Rewritten in place, to `to`, which has room for
// strlen(path) + 2.
void map_into_container(const char* path, char* to);

}  // namespace containerv
