#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <span>
#include <vector>

namespace containerv {

// A seccomp program that is asked here what the kernel would answer (linux/bpf_common.h). It knows the
// instructions that containerv-policy emits; anything else is refused when it is made, and a run that
// leaves the program answers SECCOMP_RET_KILL_PROCESS.
class FilterProgram {
 public:
  FilterProgram() = default;
  // Throws SysError.
  explicit FilterProgram(std::span<const uint8_t> bytes);

  // SECCOMP_RET_*
  [[nodiscard]] uint32_t run(const seccomp_data& call) const;

 private:
  std::vector<sock_filter> instructions_;
};

}  // namespace containerv
