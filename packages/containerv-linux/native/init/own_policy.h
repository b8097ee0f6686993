#pragma once

#include <stdint.h>

namespace containerv {

// BPF programs judge this process's files, and those of what comes of it, by a policy of its own besides the container's
// (src/bpf-lsm). `policies` is the kernel's map from tasks to policies, `number` the policy. 0 or an errno, of `call`.
// Before anything is executed: until then, and of what we do ourselves, they judge nothing.
int join_own_policy(int policies, uint64_t number, const char*& call);

}  // namespace containerv
