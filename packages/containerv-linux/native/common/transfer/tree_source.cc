#include "tree_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "attributes.h"

namespace containerv::transfer {
namespace {

class Directory {
 public:
  explicit Directory(UniqueFd fd) : list_(fdopendir(fd.get())) {
    if (list_) static_cast<void>(fd.release());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    if (list_) closedir(list_);
  }
  explicit operator bool() const { return list_; }
  [[nodiscard]] int fd() const { return dirfd(list_); }
  // The next entry, or null; errno tells the end, 0, from a failure.
  const dirent* next() {
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(list_);
      if (!entry) return nullptr;
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry;
    }
  }

 private:
  DIR* list_;
};

bool is_sparse(const struct stat& about) {
  return about.st_size > 4096 && static_cast<uint64_t>(about.st_blocks) * 512 < static_cast<uint64_t>(about.st_size);
}

}  // namespace

// A descriptor of O_PATH pins the file; its link in /proc opens that and nothing else (proc_pid_fd(5)).
UniqueFd TreeSource::reopen(const UniqueFd& entry, int flags) const {
  char path[40];
  snprintf(path, sizeof path, "self/fd/%d", entry.get());
  return UniqueFd(openat(proc_, path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

bool TreeSource::send(UniqueFd entry, const char* name, int depth) {
  struct stat about;
  if (fstat(entry.get(), &about) != 0) return sink_.failed(name, {errno, "fstat"});
  switch (about.st_mode & S_IFMT) {
    case S_IFREG: return send_file(static_cast<UniqueFd&&>(entry), name);
    case S_IFDIR: return send_directory(static_cast<UniqueFd&&>(entry), name, depth);
    case S_IFLNK: return send_link(entry, name, about);
    // Devices, pipes and sockets are not content.
    default: return sink_.failed(name, {EOPNOTSUPP, "fstat"});
  }
}

bool TreeSource::send_file(UniqueFd entry, const char* name) {
  const UniqueFd file = reopen(entry, O_RDONLY);
  struct stat about;
  if (!file || fstat(file.get(), &about) != 0) return sink_.failed(name, {errno, "open"});
  return send_opened(file.get(), name, about);
}

bool TreeSource::send_opened(int file, const char* name, const struct stat& about) {
  if (const Outcome read = read_attributes(file, attributes_); !read.ok()) return sink_.failed(name, read);
  return sink_.file(name, Metadata::of(about), attributes_.packed(), file, is_sparse(about));
}

// Two system calls less for each file than to look first: of small files, reading takes hardly longer than opening.
bool TreeSource::send_entry(int directory, const char* name, unsigned char type, int depth) {
  if (type == DT_REG) {
    const UniqueFd file(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat about;
    if (file && fstat(file.get(), &about) == 0 && S_ISREG(about.st_mode)) return send_opened(file.get(), name, about);
  }
  UniqueFd found(openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!found && errno == ENOENT) return true;  // removed since
  return found ? send(static_cast<UniqueFd&&>(found), name, depth + 1) : sink_.failed(name, {errno, "openat"});
}

bool TreeSource::send_link(const UniqueFd& entry, const char* name, const struct stat& about) {
  char target[PATH_MAX];
  const ssize_t size = readlinkat(entry.get(), "", target, sizeof target);
  if (size < 0) return sink_.failed(name, {errno, "readlinkat"});
  if (size == static_cast<ssize_t>(sizeof target)) return sink_.failed(name, {ENAMETOOLONG, "readlinkat"});
  target[size] = 0;
  return sink_.link(name, Metadata::of(about), target);
}

bool TreeSource::send_directory(UniqueFd entry, const char* name, int depth) {
  if (depth >= kMaxDepth) return sink_.failed(name, {ENAMETOOLONG, "open"});
  UniqueFd opened = reopen(entry, O_RDONLY | O_DIRECTORY);
  entry.reset();
  struct stat about;
  if (!opened || fstat(opened.get(), &about) != 0) return sink_.failed(name, {errno, "open"});
  const Metadata data = Metadata::of(about);
  Directory directory(static_cast<UniqueFd&&>(opened));
  if (!directory) return sink_.failed(name, {errno, "open"});
  if (!sink_.enter(name, data)) return false;
  while (const dirent* inner = directory.next())
    if (!send_entry(directory.fd(), inner->d_name, inner->d_type, depth)) return false;
  if (errno != 0 && !sink_.failed("", {errno, "readdir"})) return false;
  // A directory without is the rule; one whose attributes cannot be read is copied without.
  if (!read_attributes(directory.fd(), attributes_).ok()) attributes_.clear();
  return sink_.leave(data, attributes_.packed());
}

}  // namespace containerv::transfer
