#include "confinement.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/kernel.h"

namespace containerv {

Confinement read_confinement(WireReader& reader) {
  Confinement confinement;
  confinement.capabilities = reader.u64();
  confinement.filter = reader.bytes();
  const size_t instructions = confinement.filter.size() / sizeof(sock_filter);
  // Never unconfined by an empty message: a filter has at least one instruction.
  if (confinement.filter.size() % sizeof(sock_filter) != 0 || instructions == 0 || instructions > BPF_MAXINSNS)
    reader.fail();
  confinement.ruleset = reader.bytes();
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

namespace {

using kernel::raw_syscall;

long address(const void* pointer) { return reinterpret_cast<long>(pointer); }

struct Capabilities {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  int load() { return static_cast<int>(raw_syscall(SYS_capget, address(&header), address(data))); }
  int store() { return static_cast<int>(raw_syscall(SYS_capset, address(&header), address(data))); }
};

int clear_ambient() {
  const long result = raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  // EINVAL: a kernel built without ambient capabilities has none to clear.
  return result == -EINVAL ? 0 : static_cast<int>(result);
}

}  // namespace

int limit_bounding_set(uint64_t capabilities, uint64_t held) {
  for (long cap = 0; cap < 64; ++cap) {
    if (capabilities >> cap & 1 || !(held >> cap & 1)) continue;
    const long result = raw_syscall(SYS_prctl, PR_CAPBSET_DROP, cap);
    if (result == -EINVAL) return 0;  // past the kernel's last capability
    if (result != 0) return static_cast<int>(result);
  }
  return 0;
}

int set_capabilities(uint64_t capabilities) { return set_capabilities(capabilities, capabilities); }

int set_capabilities(uint64_t effective, uint64_t permitted) {
  if (const int error = clear_ambient()) return error;
  Capabilities wanted;
  for (int half = 0; half < 2; ++half) {
    wanted.data[half].effective = static_cast<uint32_t>(effective >> (32 * half));
    wanted.data[half].permitted = static_cast<uint32_t>(permitted >> (32 * half));
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
  const sock_fprog program{static_cast<unsigned short>(filter.size() / sizeof(sock_filter)),
                           reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(filter.data()))};
  return static_cast<int>(raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, address(&program)));
}

}  // namespace containerv
