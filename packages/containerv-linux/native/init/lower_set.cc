#include "lower_set.h"

#include <errno.h>
#include <fcntl.h>

#include <new>

#include "overlay_marks.h"

namespace containerv {

bool LowerSet::allocate(size_t count) {
  delete[] fds_;
  count_ = 0;
  fds_ = count > 0 ? new (std::nothrow) UniqueFd[count] : nullptr;
  if (count == 0 || fds_) return true;
  errno = ENOMEM;
  return false;
}

bool LowerSet::copy(std::span<UniqueFd> directories) {
  if (!allocate(directories.size())) return false;
  if (!fds_) return true;
  for (const auto& directory : directories) {
    fds_[count_].reset(fcntl(directory.get(), F_DUPFD_CLOEXEC, 0));
    if (!fds_[count_]) return false;
    ++count_;
  }
  return true;
}

bool LowerSet::look_up(const char* name, Found& found, LowerSet& below) const {
  if (!below.allocate(count_)) return false;
  if (!below.fds_) return true;
  for (const auto& directory : directories()) {
    UniqueFd entry(openat(directory.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!entry) {
      if (errno == ENOENT) continue;
      return false;
    }
    struct stat about;
    if (fstat(entry.get(), &about) != 0) return false;
    if (is_whiteout(about)) return true;
    const bool is_directory = S_ISDIR(about.st_mode);
    // A file ends what is above it, and below a directory it is hidden.
    if (found.exists && !is_directory) return true;
    if (!found.exists) found = {true, about};
    if (!is_directory) return true;
    const bool last = is_opaque(entry.get());
    below.fds_[below.count_++] = static_cast<UniqueFd&&>(entry);
    if (last) return true;
  }
  return true;
}

}  // namespace containerv
