#include "link_table.h"

#include <stdlib.h>
#include <string.h>

namespace containerv {

struct LinkTable::Entry {
  Entry* next;
  dev_t device;
  ino_t inode;
  char path[];
};

LinkTable::~LinkTable() {
  for (Entry* entry : buckets_) {
    while (entry) {
      Entry* next = entry->next;
      free(entry);
      entry = next;
    }
  }
}

const char* LinkTable::find(const struct stat& about) const {
  for (const Entry* entry = buckets_[bucket(about)]; entry; entry = entry->next)
    if (entry->inode == about.st_ino && entry->device == about.st_dev) return entry->path;
  return nullptr;
}

bool LinkTable::add(const struct stat& about, const char* path) {
  const size_t size = strlen(path) + 1;
  auto* entry = static_cast<Entry*>(malloc(sizeof(Entry) + size));
  if (!entry) return false;
  Entry*& first = buckets_[bucket(about)];
  entry->next = first;
  entry->device = about.st_dev;
  entry->inode = about.st_ino;
  memcpy(entry->path, path, size);
  first = entry;
  return true;
}

}  // namespace containerv
