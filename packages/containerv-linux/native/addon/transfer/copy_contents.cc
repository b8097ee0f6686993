#include "copy_contents.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace containerv {
namespace {

using transfer::Outcome;

// Large enough that system calls do not matter, small enough for the second-level cache and for abort and progress.
constexpr size_t kThroughMemory = 256 * 1024;
constexpr size_t kInKernel = 8 * 1024 * 1024;

class Copy {
 public:
  Copy(int from, int to, const TransferControl& control) : from_(from), to_(to), control_(control) {}

  Outcome run(uint64_t size) {
    if (ioctl(to_, FICLONE, from_) == 0) {
      control_.add_bytes(size);
      return cut(size);
    }
    off_t at = 0;
    const auto end = static_cast<off_t>(size);
    while (at < end) {
      const off_t data = lseek(from_, at, SEEK_DATA);
      if (data < 0 && errno == ENXIO) break;  // a hole up to the end
      off_t hole = data < 0 ? end : lseek(from_, data, SEEK_HOLE);
      if (hole < 0 || hole > end) hole = end;
      at = data < 0 ? at : data;
      if (at >= end) break;
      if (const Outcome outcome = range(at, hole); !outcome.ok()) return outcome;
      if (ended_) return cut(static_cast<uint64_t>(at_));
      at = hole;
    }
    return cut(size);
  }

 private:
  // The size, for what ends in a hole or was longer.
  Outcome cut(uint64_t size) const {
    return ftruncate(to_, static_cast<off_t>(size)) == 0 ? Outcome{} : Outcome{errno, "ftruncate"};
  }

  Outcome range(off_t begin, off_t end) {
    at_ = begin;
    while (at_ < end && !ended_) {
      if (control_.aborted()) return {ECANCELED, "write"};
      const Outcome outcome = step(end);
      if (!outcome.ok()) return outcome;
    }
    return {};
  }

  // Whichever way is left of those that the two files may have: what one cannot do, the next tries again.
  Outcome step(off_t end) {
    const size_t wanted = std::min<size_t>(kInKernel, static_cast<size_t>(end - at_));
    switch (way_) {
      case Way::kRange: return range_step(wanted);
      case Way::kPages: return pages_step(wanted);
      case Way::kMemory: return memory_step(end);
    }
    return {};
  }

  Outcome range_step(size_t wanted) {
    loff_t in = at_, out = at_;
    const ssize_t size = copy_file_range(from_, &in, to_, &out, wanted, 0);
    if (size < 0 && errno == EINTR) return {};
    // EXDEV and the like: not between these two. 0 also where a kernel cannot and does not say so (copy_file_range(2)).
    if (size <= 0) return way_ = Way::kPages, Outcome{};
    return done(size);
  }

  // From the page cache of one into that of the other: a copy less than through memory.
  Outcome pages_step(size_t wanted) {
    off_t in = at_;
    const ssize_t size = lseek(to_, at_, SEEK_SET) < 0 ? -1 : sendfile(to_, from_, &in, wanted);
    if (size < 0 && errno == EINTR) return {};
    // An end, or an error, of which only reading and writing by ourselves tells whose it is.
    if (size <= 0) return way_ = Way::kMemory, Outcome{};
    return done(size);
  }

  Outcome memory_step(off_t end) {
    if (!buffer_) buffer_ = std::make_unique<char[]>(kThroughMemory);
    const ssize_t got = pread(from_, buffer_.get(), std::min<size_t>(kThroughMemory, static_cast<size_t>(end - at_)), at_);
    if (got < 0) return errno == EINTR ? Outcome{} : Outcome{errno, "read"};
    if (got == 0) return ended_ = true, Outcome{};
    ssize_t written = 0;
    while (written < got) {
      const ssize_t size = pwrite(to_, buffer_.get() + written, static_cast<size_t>(got - written), at_ + written);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return {errno, "write"};
      written += size;
    }
    return done(got);
  }

  Outcome done(ssize_t size) {
    at_ += size;
    control_.add_bytes(static_cast<uint64_t>(size));
    return {};
  }

  int from_, to_;
  const TransferControl& control_;
  off_t at_ = 0;
  enum class Way { kRange, kPages, kMemory } way_ = Way::kRange;
  bool ended_ = false;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace

Outcome copy_contents(int from, int to, uint64_t size, const TransferControl& control) {
  return Copy(from, to, control).run(size);
}

}  // namespace containerv
