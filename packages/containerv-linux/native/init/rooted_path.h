#pragma once

#include <sys/types.h>

#include "../common/unique_fd.h"

namespace containerv {

// Paths inside a directory tree that may be hostile. Symbolic links and `..` are resolved as if
// `root` were `/`; nothing outside of it is ever reached. Uses openat2(2) with RESOLVE_IN_ROOT, and
// on kernels before 5.6 a walk that opens one component at a time without following links.

enum class Links { kFollowInRoot, kRefuse };
enum class Kind { kDirectory, kFile };

// Opens what is there. `flags` as in open(2); errno is set when the result is empty.
UniqueFd open_in_root(int root, const char* path, int flags, Links links = Links::kFollowInRoot);

// Opens what is there with O_PATH, first making it (and missing parents, mode 0755) if it is not.
UniqueFd make_in_root(int root, const char* path, Kind kind, mode_t mode, Links links = Links::kFollowInRoot);

}  // namespace containerv
