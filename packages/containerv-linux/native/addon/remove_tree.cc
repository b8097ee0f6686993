#include "remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <memory>

#include "../common/move_up.h"
#include "../common/unique_fd.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "remove directory";

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

class Removal {
 public:
  Removal(int top, dev_t device, const std::string& path, const std::string& last, Graveyard& graveyard)
      : top_(top), device_(device), path_(path), last_(last), graveyard_(graveyard) {}

  void empty(int directory, int depth) {
    const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) fail(kStep, "openat", path_);
    Directory entries(fdopendir(copy));
    if (!entries) fail(kStep, "fdopendir", path_);
    while (const dirent* entry = readdir(entries.get())) {
      const char* name = entry->d_name;
      if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (depth == 0 && last_ == name)) continue;
      graveyard_.keep(directory, name);
      if (entry->d_type != DT_DIR && (unlinkat(directory, name, 0) == 0 || (make_writable(directory) && unlinkat(directory, name, 0) == 0)))
        continue;
      if (entry->d_type != DT_DIR && errno != EISDIR && errno != EPERM) {
        if (errno == ENOENT) continue;
        fail(kStep, "unlinkat", path_);
      }
      remove_directory(directory, name, depth);
    }
  }

 private:
  // Ours to remove whatever mode its owner gave it. Only when it stands in the way: it costs a disk write.
  bool make_writable(int directory) { return errno == EACCES && fchmod(directory, 0700) == 0; }

  void remove_directory(int parent, const char* name, int depth) {
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return;
    if (make_writable(parent) && unlinkat(parent, name, AT_REMOVEDIR) == 0) return;
    if (errno != ENOTEMPTY && errno != EEXIST) fail(kStep, "unlinkat", path_);
    if (depth >= kMaxRemovalDepth) {
      // The top's own loop may or may not see the new entry; remove_tree() goes over it until nothing is left.
      if (!move_up(parent, name, top_, moved_)) fail(kStep, "renameat2", path_);
      return;
    }
    UniqueFd child(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
      child.reset(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat about;
    if (!child || fstat(child.get(), &about) != 0) fail(kStep, "openat", path_);
    if (about.st_dev != device_) {
      errno = EXDEV;
      fail(kStep, "openat", path_);
    }
    empty(child.get(), depth + 1);
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT &&
        !(make_writable(parent) && unlinkat(parent, name, AT_REMOVEDIR) == 0))
      fail(kStep, "unlinkat", path_);
  }

  int top_;
  dev_t device_;
  const std::string& path_;
  const std::string& last_;
  Graveyard& graveyard_;
  unsigned moved_ = 0;
};

}  // namespace

void remove_tree(const std::string& path, Graveyard& graveyard) { remove_tree_and_last(path, "", graveyard); }

void remove_tree_and_last(const std::string& path, const std::string& last, Graveyard& graveyard) {
  graveyard.keep(AT_FDCWD, path.c_str());
  UniqueFd top(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top && errno == EACCES && chmod(path.c_str(), 0700) == 0)
    top.reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top) {
    if (errno == ENOENT) return;
    fail(kStep, "open", path);
  }
  struct stat about;
  if (fstat(top.get(), &about) != 0) fail(kStep, "fstat", path);
  Removal removal(top.get(), about.st_dev, path, last, graveyard);
  for (;;) {
    removal.empty(top.get(), 0);
    if (!last.empty() && unlinkat(top.get(), last.c_str(), 0) != 0 && errno != ENOENT) fail(kStep, "unlinkat", path);
    if (rmdir(path.c_str()) == 0 || errno == ENOENT) return;
    if (errno != ENOTEMPTY && errno != EEXIST) fail(kStep, "rmdir", path);
  }
}

}  // namespace containerv
