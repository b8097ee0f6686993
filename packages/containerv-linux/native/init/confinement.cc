#include "confinement.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace containerv {

Confinement read_confinement(WireReader& reader) {
  Confinement confinement;
  confinement.capabilities = reader.u64();
  confinement.filter = reader.bytes();
  const size_t instructions = confinement.filter.size() / sizeof(sock_filter);
  // Never unconfined by an empty message: a filter has at least one instruction.
  if (confinement.filter.size() % sizeof(sock_filter) != 0 || instructions == 0 || instructions > BPF_MAXINSNS)
    reader.fail();
  return confinement;
}

UserSpec read_user(WireReader& reader) {
  UserSpec user;
  user.kind = reader.u32();
  user.uid = reader.u32();
  user.gid = reader.u32();
  user.name = reader.text();
  user.groups = reader.bytes();
  // Ids from 2^31 up are refused everywhere: (uid_t)-1 means "leave as it is" (CVE-2024-40635).
  if (user.uid > INT32_MAX || user.gid > INT32_MAX || user.groups.size() % sizeof(uint32_t) != 0) reader.fail();
  return user;
}

int limit_bounding_set(uint64_t capabilities) {
  for (unsigned long cap = 0; cap < 64; ++cap) {
    if (capabilities >> cap & 1) continue;
    if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0) {
      if (errno == EINVAL) return 0;  // past the kernel's last capability
      return -errno;
    }
  }
  return 0;
}

namespace {

struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  int load() { return syscall(SYS_capget, &header, data) == 0 ? 0 : -errno; }
  int store() { return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno; }
};

int clear_ambient() {
  // EINVAL: a kernel built without ambient capabilities has none to clear.
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 || errno == EINVAL ? 0 : -errno;
}

}  // namespace

int set_capabilities(uint64_t capabilities) {
  if (const int error = clear_ambient()) return error;
  Capabilities wanted;
  for (int half = 0; half < 2; ++half) {
    const auto bits = static_cast<uint32_t>(capabilities >> (32 * half));
    wanted.data[half].effective = bits;
    wanted.data[half].permitted = bits;
  }
  return wanted.store();
}

int drop_inherited_capabilities() {
  if (const int error = clear_ambient()) return error;
  Capabilities now;
  if (const int error = now.load()) return error;
  for (auto& half : now.data) half.inheritable = 0;
  return now.store();
}

int load_filter(std::span<const uint8_t> filter) {
  sock_fprog program{static_cast<unsigned short>(filter.size() / sizeof(sock_filter)),
                     reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(filter.data()))};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -errno;
}

}  // namespace containerv
