#include "id_range.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>

#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "take ids";
// Spreads programs that start at the same time; the golden ratio of 2^32 (Knuth, TAOCP 6.4).
constexpr uint32_t kSpread = 2'654'435'769U;

bool lock_bytes(int file, uint32_t first, const std::string& path) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = first;
  range.l_len = kIdRangeSize;
  if (fcntl(file, F_OFD_SETLK, &range) == 0) return true;
  if (errno != EAGAIN && errno != EACCES) fail(kStep, "fcntl(F_OFD_SETLK)", path);
  return false;
}

}  // namespace

IdRange take_id_range(const std::string& path, const std::vector<IdRun>& runs) {
  uint64_t ranges = 0;
  for (const auto& run : runs) ranges += run.ranges;
  IdRange taken;
  taken.lock.reset(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!taken.lock) fail(kStep, "open", path);
  // One after the other, not the lowest free one: processes that are just being killed keep their ids to the end.
  static std::atomic<uint32_t> next{static_cast<uint32_t>(getpid()) * kSpread};
  const uint64_t start = next++;
  for (uint64_t i = 0; i < ranges; ++i) {
    uint64_t index = (start + i) % ranges;
    const IdRun* run = runs.data();
    for (; index >= run->ranges; ++run) index -= run->ranges;
    taken.first = run->first + static_cast<uint32_t>(index) * kIdRangeSize;
    if (lock_bytes(taken.lock.get(), taken.first, path)) return taken;
  }
  errno = EUSERS;
  fail(kStep, "fcntl(F_OFD_SETLK)", path);
}

}  // namespace containerv
