#include "own_policy.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/kernel.h"
#include "../common/unique_fd.h"

namespace containerv {

int join_own_policy(int policies, uint64_t number, const char*& call) {
  call = "pidfd_open";
  const UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!self) return errno;
  call = "bpf";
  const int key = self.get();
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(policies);
  attributes.key = reinterpret_cast<uint64_t>(&key);
  attributes.value = reinterpret_cast<uint64_t>(&number);
  attributes.flags = BPF_ANY;
  return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attributes, sizeof attributes) == 0 ? 0 : errno;
}

}  // namespace containerv
