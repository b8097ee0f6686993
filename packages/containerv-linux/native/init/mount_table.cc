#include "mount_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/unique_fd.h"
#include "rooted_path.h"

namespace containerv {
namespace {

constexpr size_t kMaxText = 4 * 1024 * 1024;

char* read_all(const char* path) {
  UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return nullptr;
  char* text = static_cast<char*>(malloc(kMaxText));
  if (!text) return nullptr;
  size_t size = 0;
  ssize_t got;
  while (size < kMaxText - 1 && (got = read(file.get(), text + size, kMaxText - 1 - size)) > 0)
    size += static_cast<size_t>(got);
  text[size] = 0;
  return text;
}

// mountinfo writes blanks and backslashes in a path as \ooo.
void unescape(char* text) {
  char* to = text;
  for (const char* from = text; *from;) {
    if (from[0] == '\\' && from[1] && from[2] && from[3]) {
      *to++ = static_cast<char>((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 4;
    } else {
      *to++ = *from++;
    }
  }
  *to = 0;
}

bool directory_of(int fd, char (&text)[PATH_MAX]) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, text, sizeof text - 1);
  if (size <= 0) return false;
  text[size] = 0;
  return true;
}

}  // namespace

MountTable::~MountTable() { free(text_); }

bool MountTable::read_below(int root, const char* path) {
  UniqueFd target = open_in_root(root, path, O_PATH);
  char root_path[PATH_MAX], target_path[PATH_MAX];
  if (!target || !directory_of(root, root_path) || !directory_of(target.get(), target_path)) return false;
  text_ = read_all("/proc/self/mountinfo");
  if (!text_) return false;
  const size_t root_size = strcmp(root_path, "/") == 0 ? 0 : strlen(root_path);
  const size_t target_size = strcmp(target_path, "/") == 0 ? 0 : strlen(target_path);
  char* next_line;
  for (char* line = text_; *line; line = next_line) {
    char* end = strchr(line, '\n');
    next_line = end ? end + 1 : line + strlen(line);
    if (end) *end = 0;
    char* field = line;
    for (int i = 0; i < 4 && field; ++i) field = (field = strchr(field, ' ')) ? field + 1 : nullptr;
    char* field_end = field ? strchr(field, ' ') : nullptr;
    if (!field_end) continue;
    *field_end = 0;
    unescape(field);
    if (strncmp(field, target_path, target_size) != 0 || field[target_size] != '/' || !field[target_size + 1]) continue;
    if (count_ == kMaxMounts) return errno = E2BIG, false;
    paths_[count_++] = field + root_size;
  }
  return true;
}

}  // namespace containerv
