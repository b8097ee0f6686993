#include "overlay.h"

#include <fcntl.h>
#include <stdio.h>
#include <memory>
#include <new>

#include "../common/unique_fd.h"
#include "rooted_path.h"

namespace containerv {
namespace {

constexpr char kStep[] = "mount overlay";
// OVL_MAX_STACK in fs/overlayfs/params.h.
constexpr size_t kMaxLayers = 500;
constexpr size_t kNameSize = 32;
// strndup_user in fs/fsopen.c.
constexpr size_t kMaxOption = 255;

class Names {
 public:
  bool add(const char* path, int staging, Failure& failure) {
    constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    UniqueFd directory = path[0] == '/' ? UniqueFd(open(path, kFlags)) : open_in_root(staging, path, kFlags, Links::kRefuse);
    if (!directory) return failure.set(kStep, "open", path);
    snprintf(names_[count_], kNameSize, "/proc/self/fd/%d", directory.get());
    fds_[count_++] = static_cast<UniqueFd&&>(directory);
    return true;
  }
  [[nodiscard]] const char* operator[](size_t index) const { return names_[index]; }

 private:
  UniqueFd fds_[kMaxLayers + 2];
  char names_[kMaxLayers + 2][kNameSize];
  size_t count_ = 0;
};

// The same without `volatile` where the kernel, before Linux 5.10, does not know it: only slower.
bool mount_known(const MountPoint& at, std::span<const MountOption> options, bool is_volatile, uint32_t attributes,
                 Failure& failure) {
  if (mount_filesystem(at, "overlay", "overlay", attributes, options, kStep, failure)) return true;
  if (!is_volatile || failure.error != EINVAL) return false;
  failure = Failure();
  return mount_filesystem(at, "overlay", "overlay", attributes, options.first(options.size() - 1), kStep, failure);
}

}  // namespace

bool mount_overlay(const MountPoint& at, const OverlaySpec& spec, int staging, uint32_t attributes, Failure& failure) {
  const size_t layers = spec.lower.size();
  if (layers == 0 || layers > kMaxLayers) return failure.set(E2BIG, kStep, "fsconfig", at.path);
  // Gone, and with it every descriptor of the host's, when the overlay is there.
  const std::unique_ptr<Names> held(new (std::nothrow) Names());
  if (!held) return failure.set(ENOMEM, kStep, "open", at.path);
  Names& names = *held;
  for (const char* path : spec.lower)
    if (!names.add(path, staging, failure)) return false;
  const bool writable = spec.upper[0] != 0;
  if (writable && (!names.add(spec.upper, staging, failure) || !names.add(spec.work, staging, failure))) return false;

  static char joined[kMaxLayers * kNameSize];
  size_t used = 0;
  for (size_t i = 0; i < layers; ++i)
    used += static_cast<size_t>(snprintf(joined + used, sizeof joined - used, "%s%s", i ? ":" : "", names[i]));

  static MountOption options[kMaxLayers + 4];
  size_t count = 0;
  const auto finish = [&] {
    if (writable) {
      options[count++] = {"upperdir", names[layers]};
      options[count++] = {"workdir", names[layers + 1]};
    }
    if (spec.user_attributes) options[count++] = {"userxattr", ""};
    if (spec.is_volatile) options[count++] = {"volatile", ""};  // last: mount_known() leaves it out
    return std::span<const MountOption>(options, count);
  };
  if (used <= kMaxOption) {
    options[count++] = {"lowerdir", joined};
    return mount_known(at, finish(), spec.is_volatile, attributes, failure);
  }
  // Linux 6.8 takes layers one by one (overlayfs.rst, "Multiple lower layers").
  for (size_t i = 0; i < layers; ++i) options[count++] = {"lowerdir+", names[i]};
  if (mount_known(at, finish(), spec.is_volatile, attributes, failure)) return true;
  if (failure.error != EINVAL) return false;
  Failure older;
  count = 0;
  options[count++] = {"lowerdir", joined};
  if (!mount_by_data(at, "overlay", "overlay", attributes, finish(), kStep, older)) return false;
  failure = Failure();
  return true;
}

}  // namespace containerv
