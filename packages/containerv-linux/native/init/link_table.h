#pragma once

#include <stddef.h>
#include <sys/stat.h>

namespace containerv {

// Files with several names that were met before, and the first of those names.
class LinkTable {
 public:
  LinkTable() = default;
  LinkTable(const LinkTable&) = delete;
  LinkTable& operator=(const LinkTable&) = delete;
  ~LinkTable();

  // Null when it was not met before.
  [[nodiscard]] const char* find(const struct stat& about) const;
  // False: out of memory.
  bool add(const struct stat& about, const char* path);

 private:
  struct Entry;
  static constexpr size_t kBuckets = 4096;
  static size_t bucket(const struct stat& about) { return (about.st_ino ^ about.st_dev * 31) % kBuckets; }

  Entry* buckets_[kBuckets] = {};
};

}  // namespace containerv
