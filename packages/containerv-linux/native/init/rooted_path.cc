#include "rooted_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../common/kernel.h"

namespace containerv {
namespace {

constexpr int kMaxDepth = 256;
constexpr int kMaxLinks = 40;  // MAXSYMLINKS in the kernel

UniqueFd error(int value) {
  errno = value;
  return UniqueFd();
}

// The walk for kernels without openat2. Holding a descriptor for every directory on the way makes
// `..` a matter of our own stack, so that a directory moved away meanwhile cannot lead out.
class Walk {
 public:
  UniqueFd open(int root, const char* path, int flags, Links links) {
    const size_t size = strlen(path);
    if (size >= sizeof pending_) return error(ENAMETOOLONG);
    memcpy(pending_, path, size + 1);
    stack_[0] = UniqueFd(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!stack_[0]) return UniqueFd();
    char name[NAME_MAX + 1];
    while (next(name)) {
      if (failed_) return error(failed_);
      if (strcmp(name, "..") == 0) {
        if (depth_ > 0) stack_[depth_--].reset();
        continue;
      }
      UniqueFd entry(::openat(stack_[depth_].get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat about;
      if (!entry || fstat(entry.get(), &about) != 0) return UniqueFd();
      if (S_ISLNK(about.st_mode)) {
        if (links == Links::kRefuse || ++links_ > kMaxLinks) return error(ELOOP);
        if (!follow(entry.get())) return UniqueFd();
        continue;
      }
      if (S_ISDIR(about.st_mode)) {
        if (depth_ + 1 >= kMaxDepth) return error(ENAMETOOLONG);
        stack_[++depth_] = static_cast<UniqueFd&&>(entry);
        continue;
      }
      if (more()) return error(ENOTDIR);
      if (flags & O_PATH) return entry;
      return UniqueFd(::openat(stack_[depth_].get(), name, flags | O_NOFOLLOW | O_CLOEXEC));
    }
    if (failed_) return error(failed_);
    return UniqueFd(::openat(stack_[depth_].get(), ".", flags | O_CLOEXEC));
  }

 private:
  bool more() const { return rest_[strspn(rest_, "/")] != 0; }

  // Takes the next component that is not "."; false at the end.
  bool next(char* name) {
    for (;;) {
      rest_ += strspn(rest_, "/");
      const size_t size = strcspn(rest_, "/");
      if (size == 0) return false;
      if (size > NAME_MAX) return failed_ = ENAMETOOLONG, true;
      memcpy(name, rest_, size);
      name[size] = 0;
      rest_ += size;
      if (strcmp(name, ".") != 0) return true;
    }
  }

  bool follow(int link) {
    char text[PATH_MAX];
    const ssize_t size = readlinkat(link, "", text, sizeof text - 1);
    if (size <= 0) return errno = size == 0 ? ENOENT : errno, false;
    text[size] = 0;
    char joined[sizeof pending_];
    if (snprintf(joined, sizeof joined, "%s/%s", text, rest_) >= static_cast<int>(sizeof joined))
      return errno = ENAMETOOLONG, false;
    if (text[0] == '/')
      while (depth_ > 0) stack_[depth_--].reset();
    memcpy(pending_, joined, strlen(joined) + 1);
    rest_ = pending_;
    return true;
  }

  UniqueFd stack_[kMaxDepth];
  char pending_[2 * PATH_MAX];
  const char* rest_ = pending_;
  int depth_ = 0;
  int links_ = 0;
  int failed_ = 0;
};

}  // namespace

UniqueFd open_in_root(int root, const char* path, int flags, Links links) {
  const uint64_t resolve = kernel::kResolveInRoot | kernel::kResolveNoMagiclinks |
                           (links == Links::kRefuse ? kernel::kResolveNoSymlinks : 0);
  // openat2 reports EAGAIN when a rename raced with the resolution of "..": try again (openat2(2)).
  for (int attempt = 0; attempt < 128; ++attempt) {
    UniqueFd fd(kernel::openat2(root, path[0] == 0 ? "." : path, static_cast<uint64_t>(flags), resolve));
    if (fd || (errno != EAGAIN && errno != ENOSYS)) return fd;
    if (errno == ENOSYS) return Walk().open(root, path, flags, links);
  }
  return UniqueFd();
}

namespace {

// Mostly only the last component is missing. Then the directory that it is to be in, and `rest` is that component.
UniqueFd existing_parent(int root, const char* path, const char*& rest, Links links) {
  const char* slash = strrchr(path, '/');
  char parent[PATH_MAX];
  if (!slash || slash <= rest || slash[1] == 0) return UniqueFd();
  const auto size = static_cast<size_t>(slash - path);
  memcpy(parent, path, size);
  parent[size] = 0;
  UniqueFd directory = open_in_root(root, parent, O_PATH | O_DIRECTORY, links);
  if (directory) rest = slash + 1;
  return directory;
}

}  // namespace

UniqueFd make_in_root(int root, const char* path, Kind kind, mode_t mode, Links links) {
  UniqueFd found = open_in_root(root, path, O_PATH, links);
  if (found || errno != ENOENT) return found;

  char prefix[PATH_MAX];
  if (strlen(path) >= sizeof prefix) return error(ENAMETOOLONG);
  const char* rest = path + strspn(path, "/");
  UniqueFd parent = existing_parent(root, path, rest, links);
  if (!parent) parent.reset(::openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  while (parent && *rest != 0) {
    const size_t size = strcspn(rest, "/");
    const char* after = rest + size + strspn(rest + size, "/");
    const bool last = *after == 0;
    const size_t length = static_cast<size_t>(rest + size - path);
    memcpy(prefix, path, length);
    prefix[length] = 0;
    // That the whole is not there is known.
    UniqueFd entry = last ? error(ENOENT) : open_in_root(root, prefix, O_PATH, links);
    if (!entry) {
      if (errno != ENOENT) return UniqueFd();
      const char* name = prefix + (rest - path);
      if (strcmp(name, "..") == 0) return error(EINVAL);
      if (last && kind == Kind::kFile) {
        UniqueFd made(::openat(parent.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        if (!made && errno != EEXIST) return UniqueFd();
      } else if (mkdirat(parent.get(), name, last ? mode : 0755) != 0 && errno != EEXIST) {
        return UniqueFd();
      }
      // A dangling symbolic link by that name answers EEXIST and is refused here.
      entry = UniqueFd(::openat(parent.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
      struct stat about;
      if (!entry || fstat(entry.get(), &about) != 0) return UniqueFd();
      if (S_ISLNK(about.st_mode)) return error(ELOOP);
    }
    parent = static_cast<UniqueFd&&>(entry);
    rest = after;
  }
  return parent;
}

}  // namespace containerv
