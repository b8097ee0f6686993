#include "mounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "../common/kernel.h"
#include "mount_table.h"
#include "rooted_path.h"

namespace containerv {
namespace {

using namespace kernel;

unsigned long legacy_flags(uint32_t attributes) {
  return (attributes & kMountAttrReadonly ? MS_RDONLY : 0) | (attributes & kMountAttrNosuid ? MS_NOSUID : 0) |
         (attributes & kMountAttrNodev ? MS_NODEV : 0) | (attributes & kMountAttrNoexec ? MS_NOEXEC : 0);
}

// Flags already on a mount; in a user namespace some are locked and a remount must repeat them.
unsigned long flags_in_force(int fd) {
  struct statvfs about;
  if (fstatvfs(fd, &about) != 0) return 0;
  unsigned long flags = 0;
  const struct {
    unsigned long st, ms;
  } pairs[] = {{ST_RDONLY, MS_RDONLY},   {ST_NOSUID, MS_NOSUID},         {ST_NODEV, MS_NODEV},      {ST_NOEXEC, MS_NOEXEC},
               {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME}};
  for (const auto& pair : pairs)
    if (about.f_flag & pair.st) flags |= pair.ms;
  return flags;
}

// The kernel explains a refused option through the fsopen descriptor, one line a read (fsopen(2)).
void read_explanation(int context, Failure& failure) {
  char line[256];
  ssize_t size;
  while ((size = read(context, line, sizeof line - 1)) > 2) {
    line[size] = 0;
    if (line[size - 1] == '\n') line[size - 1] = 0;
    if (line[0] == 'e') snprintf(failure.detail, sizeof failure.detail, "%s", line + 2);
  }
}

void fd_path(int fd, char (&text)[32]) { snprintf(text, sizeof text, "/proc/self/fd/%d", fd); }

bool remount(int root, const char* path, uint32_t attributes, const char* step, Failure& failure) {
  UniqueFd mounted = open_in_root(root, path, O_PATH);
  if (!mounted) return failure.set(step, "openat2", path);
  char target[32];
  fd_path(mounted.get(), target);
  const unsigned long flags = flags_in_force(mounted.get()) | legacy_flags(attributes) | MS_REMOUNT | MS_BIND;
  if (mount(nullptr, target, nullptr, flags, nullptr) != 0) return failure.set(step, "mount", path);
  return true;
}

bool remount_legacy(int root, const char* path, uint32_t attributes, bool recursive, const char* step,
                    Failure& failure) {
  if (!remount(root, path, attributes, step, failure)) return false;
  if (!recursive) return true;
  MountTable below;
  if (!below.read_below(root, path)) return failure.set(step, "read mountinfo", path);
  for (const char* mount_point : below.paths())
    if (!remount(root, mount_point, attributes, step, failure)) return false;
  return true;
}

bool bind_legacy(const MountPoint& at, int source, uint32_t attributes, bool recursive, const char* step,
                 Failure& failure) {
  char from[32], target[32];
  fd_path(source, from);
  fd_path(at.fd.get(), target);
  if (mount(from, target, nullptr, MS_BIND | (recursive ? MS_REC : 0), nullptr) != 0)
    return failure.set(step, "mount", at.path);
  return attributes == 0 || remount_legacy(at.root, at.path, attributes, recursive, step, failure);
}

}  // namespace

bool mount_by_data(const MountPoint& at, const char* type, const char* source, uint32_t attributes,
                   std::span<const MountOption> options, const char* step, Failure& failure) {
  char data[4096];
  size_t used = 0;
  for (const auto& option : options) {
    if (used > 0) data[used++] = ',';
    for (const char* text : {option.key, option.value[0] ? "=" : "", option.value}) {
      for (const char* c = text; *c; ++c) {
        if (used + 3 >= sizeof data) return failure.set(E2BIG, step, "mount", at.path);
        if (*c == ',' && text == option.value) data[used++] = '\\';  // mount(2) splits options at commas
        data[used++] = *c;
      }
    }
  }
  data[used] = 0;
  char target[32];
  fd_path(at.fd.get(), target);
  if (mount(source[0] ? source : type, target, type, legacy_flags(attributes), data) != 0)
    return failure.set(step, "mount", at.path);
  return true;
}

bool mount_filesystem(const MountPoint& at, const char* type, const char* source, uint32_t attributes,
                      std::span<const MountOption> options, const char* step, Failure& failure, UniqueFd* mounted) {
  UniqueFd context(fsopen(type));
  if (!context) {
    if (errno == ENOSYS) return mount_by_data(at, type, source, attributes, options, step, failure);
    return failure.set(step, "fsopen", at.path);
  }
  if (source[0] && fsconfig(context.get(), kFsconfigSetString, "source", source) != 0)
    return failure.set(step, "fsconfig", at.path);
  for (const auto& option : options) {
    const bool flag = option.value[0] == 0;
    if (fsconfig(context.get(), flag ? kFsconfigSetFlag : kFsconfigSetString, option.key,
                 flag ? nullptr : option.value) != 0) {
      failure.set(step, "fsconfig", at.path);
      read_explanation(context.get(), failure);
      if (!failure.detail[0])
        snprintf(failure.detail, sizeof failure.detail, "option %s=%.400s", option.key, option.value);
      return false;
    }
  }
  if (fsconfig(context.get(), kFsconfigCreate, nullptr, nullptr) != 0) {
    failure.set(step, "fsconfig", at.path);
    read_explanation(context.get(), failure);
    return false;
  }
  UniqueFd made(fsmount(context.get(), attributes));
  if (!made) return failure.set(step, "fsmount", at.path);
  if (move_mount(made.get(), at.fd.get()) != 0) return failure.set(step, "move_mount", at.path);
  if (mounted) *mounted = static_cast<UniqueFd&&>(made);
  return true;
}

bool bind(const MountPoint& at, int source, uint32_t attributes, bool recursive, const char* step, Failure& failure) {
  UniqueFd tree(open_tree(source, "", kOpenTreeClone | AT_EMPTY_PATH | (recursive ? kAtRecursive : 0)));
  if (!tree) {
    if (errno == ENOSYS) return bind_legacy(at, source, attributes, recursive, step, failure);
    return failure.set(step, "open_tree", at.path);
  }
  bool pending = attributes != 0;
  if (pending && mount_setattr(tree.get(), recursive ? kAtRecursive : 0, {attributes, 0, 0, 0}) == 0) pending = false;
  if (pending && errno != ENOSYS) return failure.set(step, "mount_setattr", at.path);
  if (move_mount(tree.get(), at.fd.get()) != 0) return failure.set(step, "move_mount", at.path);
  return !pending || remount_legacy(at.root, at.path, attributes, recursive, step, failure);
}

bool set_mount_attributes(int root, const char* path, uint32_t attributes, bool recursive, const char* step,
                          Failure& failure) {
  UniqueFd mounted = open_in_root(root, path, O_PATH);
  if (!mounted) return failure.set(step, "openat2", path);
  if (mount_setattr(mounted.get(), recursive ? kAtRecursive : 0, {attributes, 0, 0, 0}) == 0) return true;
  if (errno != ENOSYS) return failure.set(step, "mount_setattr", path);
  return remount_legacy(root, path, attributes, recursive, step, failure);
}

}  // namespace containerv
