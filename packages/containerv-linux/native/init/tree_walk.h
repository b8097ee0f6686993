#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../common/unique_fd.h"

namespace containerv {

// The entries of a directory but "." and "..".
class Entries {
 public:
  // Takes its own descriptor; `directory` may be O_PATH.
  explicit Entries(int directory) {
    const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    stream_ = fdopendir(fd);
    if (!stream_) close(fd);
  }
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;
  ~Entries() {
    if (stream_) closedir(stream_);
  }
  explicit operator bool() const { return stream_ != nullptr; }

  // Null at the end.
  const char* next() {
    while (const dirent* entry = readdir(stream_))
      if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) return entry->d_name;
    return nullptr;
  }

 private:
  DIR* stream_ = nullptr;
};

// Where a walk is, from the top: "usr/bin". Longer than PATH_MAX is possible on a disk, and refused.
class WalkPath {
 public:
  bool enter(const char* name) {
    const int written = snprintf(text_ + size_, sizeof text_ - size_, "%s%s", size_ ? "/" : "", name);
    if (written < 0 || size_ + static_cast<size_t>(written) >= sizeof text_) {
      text_[size_] = 0;
      return false;
    }
    size_ += static_cast<size_t>(written);
    return true;
  }
  void leave(size_t size) { text_[size_ = size] = 0; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] const char* text() const { return text_; }

 private:
  char text_[PATH_MAX] = {};
  size_t size_ = 0;
};

}  // namespace containerv
