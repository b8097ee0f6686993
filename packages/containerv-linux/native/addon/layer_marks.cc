#include "layer_marks.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include <memory>

#include "../common/unique_fd.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "read layer";

bool is_marked(int directory, const char* name) {
  char value = 0;
  return fgetxattr(directory, name, &value, 1) == 1 && value == 'y';
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

void visit(UniqueFd directory, const std::string& path) {
  const int fd = directory.get();
  // Deeper nothing can be named, and whoever made the layer must not decide how much memory and descriptors this takes.
  if (path.size() >= PATH_MAX) {
    errno = ENAMETOOLONG;
    fail(kStep, "openat", path.substr(0, NAME_MAX) + "...");
  }
  if (is_marked(fd, "trusted.overlay.opaque") && !is_marked(fd, "user.overlay.opaque") &&
      fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) != 0)
    fail(kStep, "fsetxattr", path);
  const std::unique_ptr<DIR, CloseDirectory> entries(fdopendir(fd));
  if (!entries) fail(kStep, "fdopendir", path);
  static_cast<void>(directory.release());
  while (const dirent* entry = readdir(entries.get())) {
    const char* name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) continue;
    UniqueFd child(openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child && (errno == ENOTDIR || errno == ELOOP) && entry->d_type == DT_UNKNOWN) continue;
    if (!child) fail(kStep, "openat", path + "/" + name);
    visit(std::move(child), path + "/" + name);
  }
}

}  // namespace

void show_opaque_marks(const std::string& layer) {
  UniqueFd top(open(layer.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) fail(kStep, "open", layer);
  visit(std::move(top), layer);
}

}  // namespace containerv
