#include "operations.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "../common/kernel.h"
#include "../common/protocol.h"
#include "mounts.h"
#include "network.h"
#include "overlay.h"
#include "rooted_path.h"
#include "sysctl_value.h"

namespace containerv {
namespace {

using namespace protocol;

constexpr size_t kMaxMountOptions = 32;
constexpr uint32_t kMaxLayers = 500;
constexpr uint32_t kLocked = kReadonly | kNosuid | kNodev | kNoexec;

Links links_for(uint32_t flags) { return flags & kNoSymlinks ? Links::kRefuse : Links::kFollowInRoot; }

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

bool is_directory(int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
}

// Makes the directory that `path` is to be in, and gives its last component.
UniqueFd make_parent(int tree, const char* path, const char*& name) {
  const char* slash = strrchr(path, '/');
  name = slash ? slash + 1 : path;
  char parent[PATH_MAX];
  const size_t size = slash ? static_cast<size_t>(slash - path) : 0;
  if (size >= sizeof parent) {
    errno = ENAMETOOLONG;
    return UniqueFd();
  }
  memcpy(parent, path, size);
  parent[size] = 0;
  return make_in_root(tree, parent, Kind::kDirectory, 0755);
}

UniqueFd mount_point(int tree, const char* path, uint32_t flags, Kind kind) {
  if (flags & kCreateTarget) return make_in_root(tree, path, kind, kind == Kind::kDirectory ? 0755 : 0644, links_for(flags));
  return open_in_root(tree, path, O_PATH, links_for(flags));
}

}  // namespace

int RootBuilder::tree(uint32_t place) const { return place == kInStaging ? staging_.get() : root_.get(); }

bool RootBuilder::find_staging(const char* staging, Failure& failure) {
  staging_path_ = staging;
  beneath_.reset(open(staging, O_PATH | O_DIRECTORY | O_CLOEXEC));
  return beneath_ ? true : failure.set("mount staging tmpfs", "open", staging);
}

bool RootBuilder::stage(Failure& failure) {
  const char* step = "mount staging tmpfs";
  UniqueFd host_root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const MountPoint at{host_root.get(), staging_path_, static_cast<UniqueFd&&>(beneath_)};
  const MountOption options[] = {{"mode", "0700"}};
  if (!mount_filesystem(at, "tmpfs", "containerv", kNosuid | kNodev, options, step, failure, &staging_)) return false;
  if (!staging_) staging_.reset(open(staging_path_, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!staging_) return failure.set(step, "open", staging_path_);
  for (const char* name : {"root", "files", "empty", "trees"})
    if (mkdirat(staging_.get(), name, name[0] == 'e' ? 0555 : 0755) != 0) return failure.set(step, "mkdirat", name);
  empty_ = open_in_root(staging_.get(), "empty", O_PATH);
  return empty_ ? true : failure.set(step, "openat2", "empty");
}

bool RootBuilder::attach(std::span<UniqueFd> trees, Failure& failure) {
  for (size_t i = 0; i < trees.size(); ++i)
    if (!attach_tree(trees[i].get(), i, failure)) return false;
  return true;
}

bool RootBuilder::attach_tree(int mount, size_t index, Failure& failure) {
  const char* step = "attach source";
  char name[32];
  snprintf(name, sizeof name, "trees/%zu", index);
  UniqueFd at = make_in_root(staging_.get(), name, is_directory(mount) ? Kind::kDirectory : Kind::kFile, 0700);
  if (!at) return failure.set(step, "mkdirat", name);
  return kernel::move_mount(mount, at.get()) == 0 || failure.set(step, "move_mount", name);
}

// A path on the host, or one in the staging tmpfs.
UniqueFd RootBuilder::open_source(const char* path, int flags) const {
  if (path[0] == '/') return UniqueFd(open(path, flags | O_CLOEXEC));
  return open_in_root(staging_.get(), path, flags, Links::kRefuse);
}

bool RootBuilder::run(WireReader& plan, Failure& failure) {
  const uint32_t operations = plan.count();
  for (uint32_t i = 0; i < operations; ++i) {
    bool done = false;
    switch (plan.u32()) {
      case kOpMkdir: done = mkdir(plan, failure); break;
      case kOpSymlink: done = symlink(plan, failure); break;
      case kOpMount: done = mount(plan, failure); break;
      case kOpBind: done = bind(plan, failure); break;
      case kOpOverlay: done = overlay(plan, failure); break;
      case kOpFile: done = file(plan, failure); break;
      case kOpMask: done = mask(plan, failure); break;
      case kOpReadonly: done = readonly(plan, failure); break;
      case kOpSysctl: done = sysctl(plan, failure); break;
      case kOpNetlink: done = configure_network(plan, failure); break;
      case kOpOpenRoot: done = open_root(failure); break;
      case kOpRootReadonly: {
        // The root's own mount only: what is mounted below has its own attributes by now.
        done = set_mount_attributes(root_.get(), "/", kReadonly, false, "make root read-only", failure);
        break;
      }
      default: return failure.set(EBADMSG, "decode plan", "operation");
    }
    if (!plan.ok()) return failure.set(EBADMSG, "decode plan", "operation");
    if (!done) return false;
  }
  return true;
}

bool RootBuilder::mkdir(WireReader& plan, Failure& failure) {
  const uint32_t place = plan.u32();
  const char* path = plan.text();
  const uint32_t mode = plan.u32();
  if (!plan.ok()) return false;
  return make_in_root(tree(place), path, Kind::kDirectory, mode) ? true
                                                                 : failure.set("make directory", "mkdirat", path);
}

bool RootBuilder::symlink(WireReader& plan, Failure& failure) {
  const uint32_t place = plan.u32();
  const char* path = plan.text();
  const char* target = plan.text();
  if (!plan.ok()) return false;
  const char* name;
  UniqueFd directory = make_parent(tree(place), path, name);
  if (!directory) return failure.set("make symbolic link", "openat2", path);
  if (symlinkat(target, directory.get(), name) != 0 && errno != EEXIST)
    return failure.set("make symbolic link", "symlinkat", path);
  return true;
}

bool RootBuilder::mount(WireReader& plan, Failure& failure) {
  const uint32_t place = plan.u32();
  const char* path = plan.text();
  const uint32_t flags = plan.u32();
  const char* type = plan.text();
  const char* source = plan.text();
  const uint32_t attributes = plan.u32() & kLocked;
  MountOption options[kMaxMountOptions];
  const uint32_t count = plan.count(8);
  if (count > kMaxMountOptions) plan.fail();
  for (uint32_t i = 0; i < count && plan.ok(); ++i) options[i] = {plan.text(), plan.text()};
  if (!plan.ok()) return false;

  char step[64];
  snprintf(step, sizeof step, "mount %s", type);
  MountPoint at{tree(place), path, mount_point(tree(place), path, flags, Kind::kDirectory)};
  if (!at.fd) {
    if (errno == ENOENT && flags & kSkipMissing) return true;
    return failure.set(step, "openat2", path);
  }
  if (!mount_filesystem(at, type, source, attributes, {options, count}, step, failure))
    return failure.error == ENODEV && flags & kSkipUnsupported;
  return place != kInRoot || strcmp(type, "proc") != 0 || open_proc(path, failure);
}

bool RootBuilder::open_proc(const char* path, Failure& failure) {
  proc_ = open_in_root(root_.get(), path, O_PATH | O_DIRECTORY, Links::kRefuse);
  struct statfs about;
  if (proc_ && fstatfs(proc_.get(), &about) == 0 && about.f_type == PROC_SUPER_MAGIC) return true;
  return failure.set(ELOOP, "open /proc", "openat2", path);
}

bool RootBuilder::overlay(WireReader& plan, Failure& failure) {
  const uint32_t place = plan.u32();
  const char* path = plan.text();
  const uint32_t flags = plan.u32();
  const uint32_t attributes = plan.u32() & kLocked;
  static const char* lower[kMaxLayers];
  const uint32_t layers = plan.count(5);
  if (layers > kMaxLayers) plan.fail();
  for (uint32_t i = 0; i < layers && plan.ok(); ++i) lower[i] = plan.text();
  const char* upper = plan.text();
  const char* work = plan.text();
  const uint32_t options = plan.u32();
  if (!plan.ok()) return false;
  MountPoint at{tree(place), path, mount_point(tree(place), path, flags, Kind::kDirectory)};
  if (!at.fd) return failure.set("mount overlay", "openat2", path);
  return mount_overlay(at,
                       {{lower, layers}, upper, work, (options & kOverlayUserAttributes) != 0, (options & kOverlayVolatile) != 0},
                       staging_.get(), attributes, failure);
}

bool RootBuilder::bind(WireReader& plan, Failure& failure) {
  const uint32_t place = plan.u32();
  const char* path = plan.text();
  const uint32_t flags = plan.u32();
  const char* source_path = plan.text();
  const uint32_t attributes = plan.u32() & kLocked;
  if (!plan.ok()) return false;
  // Opened once: what is checked is what is bound (CVE-2024-42472).
  UniqueFd source = open_source(source_path, O_PATH);
  if (!source) return failure.set("open mount source", "open", source_path);
  MountPoint at{tree(place), path,
                mount_point(tree(place), path, flags, is_directory(source.get()) ? Kind::kDirectory : Kind::kFile)};
  if (!at.fd) {
    if (errno == ENOENT && flags & kSkipMissing) return true;
    return failure.set("open mount target", "openat2", path);
  }
  // Looked at here, so that every kernel says the same.
  if (is_directory(source.get()) != is_directory(at.fd.get()))
    return failure.set(is_directory(at.fd.get()) ? EISDIR : ENOTDIR, "bind mount", "move_mount", path);
  if (!containerv::bind(at, source.get(), attributes, flags & kRecursive, "bind mount", failure)) return false;
  return place != kInRoot || strcmp(path, "/proc") != 0 || open_proc(path, failure);
}

bool RootBuilder::file(WireReader& plan, Failure& failure) {
  const uint32_t place = plan.u32();
  const char* path = plan.text();
  const uint32_t flags = plan.u32();
  const uint32_t mode = plan.u32();
  const auto content = plan.bytes();
  if (!plan.ok()) return false;
  return flags & kBound ? bind_file(path, flags, mode, content, failure) : write_file(tree(place), path, mode, content, failure);
}

// A new file in a tree that is ours: whoever else could have made it is refused.
bool RootBuilder::write_file(int tree, const char* path, uint32_t mode, std::span<const uint8_t> content,
                             Failure& failure) {
  const char* step = "write generated file";
  const char* name;
  UniqueFd directory = make_parent(tree, path, name);
  if (!directory) return failure.set(step, "openat2", path);
  UniqueFd made(openat(directory.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!made && errno == EEXIST) return true;  // a container that is started again has its own by now
  return (made && write_all(made.get(), content)) || failure.set(step, "openat", path);
}

// Over what is there, which stays as it is.
bool RootBuilder::bind_file(const char* path, uint32_t flags, uint32_t mode, std::span<const uint8_t> content,
                            Failure& failure) {
  const char* step = "bind generated file";
  MountPoint at{root_.get(), path, mount_point(root_.get(), path, flags, Kind::kFile)};
  if (!at.fd) {
    if ((errno == ENOENT || errno == ENOTDIR) && flags & kSkipMissing) return true;
    return failure.set(step, "openat2", path);
  }
  char name[32];
  snprintf(name, sizeof name, "files/%u", files_++);
  if (!write_file(staging_.get(), name, mode, content, failure)) return false;
  UniqueFd source(openat(staging_.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  return containerv::bind(at, source.get(), kNosuid | kNodev | kNoexec, false, step, failure);
}

bool RootBuilder::open_null(Failure& failure) {
  if (null_) return true;
  null_.reset(open("/dev/null", O_PATH | O_CLOEXEC));
  struct stat about;
  // What hides a file must be the null device itself, not what somebody put in its place (CVE-2025-31133).
  if (!null_ || fstat(null_.get(), &about) != 0) return failure.set("open the host's null device", "open", "/dev/null");
  if (!S_ISCHR(about.st_mode) || about.st_rdev != makedev(1, 3))
    return failure.set(ENODEV, "open the host's null device", "open", "/dev/null");
  return true;
}

bool RootBuilder::mask(WireReader& plan, Failure& failure) {
  const char* path = plan.text();
  if (!plan.ok()) return false;
  MountPoint at{root_.get(), path, open_in_root(root_.get(), path, O_PATH, Links::kRefuse)};
  if (!at.fd) return errno == ENOENT || failure.set("mask path", "openat2", path);
  if (is_directory(at.fd.get())) return containerv::bind(at, empty_.get(), kLocked, false, "mask path", failure);
  return open_null(failure) &&
         containerv::bind(at, null_.get(), kReadonly | kNosuid | kNoexec, false, "mask path", failure);
}

bool RootBuilder::readonly(WireReader& plan, Failure& failure) {
  const char* path = plan.text();
  if (!plan.ok()) return false;
  MountPoint at{root_.get(), path, open_in_root(root_.get(), path, O_PATH, Links::kRefuse)};
  if (!at.fd) return errno == ENOENT || failure.set("make path read-only", "openat2", path);
  return containerv::bind(at, at.fd.get(), kReadonly, true, "make path read-only", failure);
}

bool RootBuilder::sysctl(WireReader& plan, Failure& failure) {
  const char* step = "set sysctl";
  const char* key = plan.text();
  const auto value = plan.bytes();
  if (!plan.ok()) return false;
  if (!proc_) return failure.set(ENOENT, step, "openat2", key);
  char path[256];
  if (snprintf(path, sizeof path, "sys/%s", key) >= static_cast<int>(sizeof path))
    return failure.set(ENAMETOOLONG, step, "openat2", key);
  UniqueFd file = open_in_root(proc_.get(), path, O_WRONLY, Links::kRefuse);
  if (!file) return failure.set(step, "openat2", key);
  if (!write_all(file.get(), value)) return failure.set(step, "write", key);
  struct stat about;
  if (fstat(file.get(), &about) != 0) return failure.set(step, "fstat", key);
  // An order to do something, as net.ipv4.route.flush, holds nothing.
  if ((about.st_mode & 0444) == 0) return true;
  return reads_back(path, key, value, failure);
}

// The kernel takes some values in part, or rounds them.
bool RootBuilder::reads_back(const char* path, const char* key, std::span<const uint8_t> wanted, Failure& failure) {
  const char* step = "read back sysctl";
  UniqueFd file = open_in_root(proc_.get(), path, O_RDONLY, Links::kRefuse);
  if (!file) return failure.set(step, "openat2", key);
  static uint8_t held[64 * 1024];
  const ssize_t size = read(file.get(), held, sizeof held);
  if (size < 0) return failure.set(step, "read", key);
  const std::span<const uint8_t> found(held, static_cast<size_t>(size));
  if (holds_setting(key, wanted, found)) return true;
  failure.set(EINVAL, step, "read", key);
  const int shown = static_cast<int>(found.size() > 200 ? 200 : found.size() - (found.empty() ? 0 : 1));
  snprintf(failure.detail, sizeof failure.detail, "it is now '%.*s'", shown, reinterpret_cast<const char*>(held));
  return false;
}

bool RootBuilder::open_root(Failure& failure) {
  root_ = open_in_root(staging_.get(), "root", O_PATH | O_DIRECTORY, Links::kRefuse);
  return root_ ? true : failure.set("open root", "openat2", "root");
}

bool RootBuilder::enter(Failure& failure) {
  const char* step = "enter root";
  if (!root_) return failure.set(EBADMSG, step, "pivot_root");
  if (fchdir(root_.get()) != 0) return failure.set(step, "fchdir");
  memory_ = open_in_root(staging_.get(), "memory", O_PATH | O_DIRECTORY, Links::kRefuse);
  if (!memory_ && errno != ENOENT) return failure.set(step, "openat2", "memory");
  // Both at ".": the old root is stacked over the new one, then detached (pivot_root(2), NOTES).
  if (syscall(SYS_pivot_root, ".", ".") != 0) return failure.set(step, "pivot_root");
  if (umount2(".", MNT_DETACH) != 0) return failure.set(step, "umount2");
  return chdir("/") == 0 || failure.set(step, "chdir");
}

}  // namespace containerv
