#include "tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "../common/unique_fd.h"
#include "file_attributes.h"
#include "link_table.h"
#include "tree_walk.h"

namespace containerv {
namespace {

constexpr char kStep[] = "copy layer";

// From file to file in the kernel where it can, without its holes.
class DataCopy {
 public:
  DataCopy(int from, int to) : from_(from), to_(to) {}

  // Null, or the call that failed.
  const char* run(off_t size) {
    if (size == 0 || ioctl(to_, FICLONE, from_) == 0) return nullptr;
    off_t at = 0;
    while (at < size) {
      const off_t data = lseek(from_, at, SEEK_DATA);
      if (data < 0 && errno == ENXIO) break;  // a hole to the end
      if (data < 0) return "lseek";
      off_t hole = lseek(from_, data, SEEK_HOLE);
      if (hole < 0) return "lseek";
      if (hole > size) hole = size;
      if (const char* failed = copy(data, hole)) return failed;
      at = hole;
    }
    return ftruncate(to_, size) == 0 ? nullptr : "ftruncate";
  }

 private:
  const char* copy(off_t at, off_t end) {
    while (at < end) {
      loff_t source = at, target = at;
      ssize_t done = copy_file_range(from_, &source, to_, &target, static_cast<size_t>(end - at), 0);
      if (done < 0 && (errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP)) done = by_hand(at, end);
      if (done < 0) return "copy_file_range";
      if (done == 0) return nullptr;  // it became shorter meanwhile
      at += done;
    }
    return nullptr;
  }

  ssize_t by_hand(off_t at, off_t end) {
    static char buffer[256 * 1024];
    const size_t most = static_cast<size_t>(end - at) < sizeof buffer ? static_cast<size_t>(end - at) : sizeof buffer;
    const ssize_t got = pread(from_, buffer, most, at);
    if (got <= 0) return got;
    return pwrite(to_, buffer, static_cast<size_t>(got), at);
  }

  int from_, to_;
};

class LayerCopy {
 public:
  LayerCopy(int target, const LayerOwners& owners, Failure& failure)
      : target_(target), owners_(owners), failure_(failure) {}

  bool contents(int from, int to) {
    Entries entries(from);
    if (!entries) return failed("open");
    while (const char* name = entries.next())
      if (!entry(from, to, name)) return false;
    return true;
  }

 private:
  bool directory(int from, int to, const struct stat& about) {
    if (!contents(from, to)) return false;
    if (const char* call = copy_attributes(from, to, about)) return failed(call);
    if (const char* call = copy_times(to, about)) return failed(call);
    return true;
  }

  bool failed(const char* call) { return failure_.set(kStep, call, path_.text()); }

  bool entry(int from, int to, const char* name) {
    const size_t before = path_.size();
    if (!path_.enter(name)) return failure_.set(ENAMETOOLONG, kStep, "openat", name);
    const bool done = copy(from, to, name);
    if (done) path_.leave(before);
    return done;
  }

  bool copy(int from, int to, const char* name) {
    UniqueFd source(openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat about;
    if (!source && errno == ENOENT) return true;  // removed since it was listed
    if (!source || fstat(source.get(), &about) != 0) return failed("openat");
    owners_.translate(about);
    const bool linked = about.st_nlink > 1 && !S_ISDIR(about.st_mode);
    if (linked) {
      if (const char* first = links_.find(about))
        return linkat(target_, first, to, name, 0) == 0 || failed("linkat");
      if (!links_.add(about, path_.text())) return failure_.set(ENOMEM, kStep, "malloc", path_.text());
    }
    if (S_ISREG(about.st_mode)) return regular(from, to, name, source.get(), about);
    if (S_ISDIR(about.st_mode)) return subdirectory(to, name, source.get(), about);
    return special(to, name, source.get(), about);
  }

  bool regular(int from, int to, const char* name, int named, const struct stat& about) {
    // Without O_NOFOLLOW a link that takes the file's place now would be followed; without O_NONBLOCK a fifo waits.
    UniqueFd source(openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat opened;
    if (!source || fstat(source.get(), &opened) != 0) return failed("openat");
    if (opened.st_ino != about.st_ino || opened.st_dev != about.st_dev) return failure_.set(ESTALE, kStep, "openat", path_.text());
    UniqueFd made(openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!made) return failed("openat");
    if (const char* call = DataCopy(source.get(), made.get()).run(opened.st_size)) return failed(call);
    if (const char* call = copy_attributes(named, made.get(), about)) return failed(call);
    if (const char* call = copy_times(made.get(), about)) return failed(call);
    return true;
  }

  bool subdirectory(int to, const char* name, int source, const struct stat& about) {
    if (mkdirat(to, name, 0700) != 0) return failed("mkdirat");
    UniqueFd made(openat(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return made ? directory(source, made.get(), about) : failed("openat");
  }

  bool special(int to, const char* name, int source, const struct stat& about) {
    if (S_ISLNK(about.st_mode)) {
      static char text[PATH_MAX];
      const ssize_t size = readlinkat(source, "", text, sizeof text - 1);
      if (size <= 0) return failed("readlinkat");
      text[size] = 0;
      if (symlinkat(text, to, name) != 0) return failed("symlinkat");
    } else if (mknodat(to, name, (about.st_mode & S_IFMT) | 0600, about.st_rdev) != 0) {
      return failed("mknodat");
    }
    UniqueFd made(openat(to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!made) return failed("openat");
    if (const char* call = copy_attributes(source, made.get(), about)) return failed(call);
    if (const char* call = copy_times(made.get(), about)) return failed(call);
    return true;
  }

  int target_;
  const LayerOwners& owners_;
  Failure& failure_;
  LinkTable links_;
  WalkPath path_;
};

}  // namespace

bool copy_layer(int upper, int target, const LayerOwners& owners, Failure& failure) {
  auto* copy = new (std::nothrow) LayerCopy(target, owners, failure);
  if (!copy) return failure.set(ENOMEM, kStep, "malloc");
  const bool done = copy->contents(upper, target);
  delete copy;
  return done;
}

}  // namespace containerv
