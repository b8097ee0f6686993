#include "image_mount.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../common/kernel.h"
#include "sys_error.h"

#ifndef LOOP_CONFIGURE
#define LOOP_CONFIGURE 0x4C0A
struct loop_config {
  __u32 fd;
  __u32 block_size;
  struct loop_info64 info;
  __u64 __reserved[8];
};
#endif

namespace containerv {
namespace {

constexpr char kStep[] = "mount image";

// fs/squashfs/squashfs_fs.h and fs/erofs/erofs_fs.h: little-endian, at the start of the file and behind its first KiB.
const char* type_of(int image) {
  constexpr uint32_t kSquashfs = 0x73717368, kErofs = 0xE0F5E1E2;
  uint32_t magic = 0;
  if (pread(image, &magic, sizeof magic, 0) == sizeof magic && magic == kSquashfs) return "squashfs";
  if (pread(image, &magic, sizeof magic, 1024) == sizeof magic && magic == kErofs) return "erofs";
  return nullptr;
}

UniqueFd mount_source(const char* type, const std::string& source) {
  UniqueFd context(kernel::fsopen(type));
  if (!context) return UniqueFd();
  if (kernel::fsconfig(context.get(), kernel::kFsconfigSetString, "source", source.c_str()) != 0 ||
      kernel::fsconfig(context.get(), kernel::kFsconfigSetFlag, "ro", nullptr) != 0 ||
      kernel::fsconfig(context.get(), kernel::kFsconfigCreate, nullptr, nullptr) != 0)
    return UniqueFd();
  constexpr uint64_t kAttributes = kernel::kMountAttrReadonly | kernel::kMountAttrNosuid | kernel::kMountAttrNodev;
  return UniqueFd(kernel::fsmount(context.get(), kAttributes));
}

struct LoopDevice {
  UniqueFd fd;
  std::string path;
};

// A free device is anybody's until it is configured: another one, as long as somebody else was faster.
LoopDevice attach_loop(int image, const std::string& path) {
  constexpr int kAttempts = 64;
  UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) fail(kStep, "open", "/dev/loop-control");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) fail(kStep, "ioctl(LOOP_CTL_GET_FREE)", path);
    LoopDevice loop{UniqueFd(), "/dev/loop" + std::to_string(number)};
    loop.fd.reset(open(loop.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!loop.fd) fail(kStep, "open", loop.path);
    loop_config config{};
    config.fd = static_cast<__u32>(image);
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    if (ioctl(loop.fd.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    if (errno != EBUSY) fail(kStep, "ioctl(LOOP_CONFIGURE)", path);
  }
  fail(kStep, "ioctl(LOOP_CONFIGURE)", path);
}

}  // namespace

UniqueFd mount_image(const std::string& path) {
  UniqueFd image(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat about;
  if (!image || fstat(image.get(), &about) != 0) fail(kStep, "open", path);
  const char* type = S_ISREG(about.st_mode) ? type_of(image.get()) : nullptr;
  if (!type) {
    errno = EMEDIUMTYPE;
    fail(kStep, "read", path);
  }
  if (strcmp(type, "erofs") == 0) {
    // What was opened, whatever the path names by now. Before Linux 6.12 this is no block device, and nothing else would do.
    UniqueFd mounted = mount_source(type, "/proc/thread-self/fd/" + std::to_string(image.get()));
    if (mounted) return mounted;
  }
  const LoopDevice loop = attach_loop(image.get(), path);
  UniqueFd mounted = mount_source(type, loop.path);
  if (!mounted) fail(kStep, "fsconfig", path);
  return mounted;
}

}  // namespace containerv
