#include "file_attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <initializer_list>

#include "overlay_marks.h"

namespace containerv {
namespace {

constexpr size_t kMaxList = 64 * 1024;   // XATTR_LIST_MAX
constexpr size_t kMaxValue = 64 * 1024;  // XATTR_SIZE_MAX

struct Path {
  explicit Path(int fd) { snprintf(text, sizeof text, "/proc/self/fd/%d", fd); }
  char text[32];
};

// A label of the host's own policy, which gives each file its own.
bool is_host_label(const char* name) { return strcmp(name, "security.selinux") == 0 || strcmp(name, "security.ima") == 0; }

bool set_mark(const char* path, const char* attribute, const void* value, size_t size) {
  bool written = false;
  for (const char* space : {"user.overlay.", "trusted.overlay."}) {
    char name[XATTR_NAME_MAX + 1];
    snprintf(name, sizeof name, "%s%s", space, attribute);
    written |= setxattr(path, name, value, size, 0) == 0;
  }
  return written;
}

bool copy_attribute(const char* from, const char* to, const char* name) {
  static char value[kMaxValue];
  const ssize_t size = getxattr(from, name, value, sizeof value);
  // Taken away, or not ours to read, since it was listed.
  if (size < 0) return errno == ENODATA;
  if (const char* mark = overlay_attribute(name))
    return is_private_mark(mark) || set_mark(to, mark, value, static_cast<size_t>(size));
  return is_host_label(name) || setxattr(to, name, value, static_cast<size_t>(size), 0) == 0;
}

}  // namespace

ssize_t get_attribute(int fd, const char* name, void* value, size_t size) {
  return getxattr(Path(fd).text, name, value, size);
}

const char* copy_attributes(int from, int to, const struct stat& about) {
  const Path source(from), target(to);
  if (fchownat(to, "", about.st_uid, about.st_gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) return "fchownat";
  // Of a symbolic link overlayfs and this keep none: the user name space has none for links, and no mode changes one.
  if (S_ISLNK(about.st_mode)) return nullptr;
  static char names[kMaxList];
  const ssize_t size = listxattr(source.text, names, sizeof names);
  if (size < 0 && errno != ENOTSUP) return "listxattr";
  for (const char* name = names; size > 0 && name < names + size; name += strlen(name) + 1)
    if (!copy_attribute(source.text, target.text, name)) return "setxattr";
  // After the owner, whose change takes set-user-id away.
  return chmod(target.text, about.st_mode & 07777) == 0 ? nullptr : "chmod";
}

const char* copy_times(int to, const struct stat& about) {
  const timespec times[] = {about.st_atim, about.st_mtim};
  const int done = S_ISLNK(about.st_mode) ? utimensat(to, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)
                                          : utimensat(AT_FDCWD, Path(to).text, times, 0);
  return done == 0 ? nullptr : "utimensat";
}

}  // namespace containerv
