#include "filter_program.h"

#include <cstring>

#include "sys_error.h"

namespace containerv {
namespace {

bool known(const sock_filter& instruction) {
  switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS: return instruction.k % 4 == 0 && instruction.k < sizeof(seccomp_data);
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
    case BPF_RET | BPF_K: return true;
    default: return false;
  }
}

}  // namespace

FilterProgram::FilterProgram(std::span<const uint8_t> bytes) {
  const size_t count = bytes.size() / sizeof(sock_filter);
  instructions_.resize(count);
  if (count > 0) memcpy(instructions_.data(), bytes.data(), count * sizeof(sock_filter));
  bool usable = bytes.size() % sizeof(sock_filter) == 0 && count > 0 && count <= BPF_MAXINSNS;
  for (const auto& instruction : instructions_) usable = usable && known(instruction);
  if (usable) return;
  errno = EINVAL;
  fail("observe system calls", "seccomp");
}

uint32_t FilterProgram::run(const seccomp_data& call) const {
  uint32_t accumulator = 0;
  // Jumps only go forwards, so this ends.
  for (size_t at = 0; at < instructions_.size(); ++at) {
    const sock_filter& now = instructions_[at];
    const auto branch = [&](bool taken) { at += taken ? now.jt : now.jf; };
    switch (now.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        memcpy(&accumulator, reinterpret_cast<const char*>(&call) + now.k, sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= now.k; break;
      case BPF_JMP | BPF_JA: at += now.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: branch(accumulator == now.k); break;
      case BPF_JMP | BPF_JGT | BPF_K: branch(accumulator > now.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: branch(accumulator >= now.k); break;
      case BPF_JMP | BPF_JSET | BPF_K: branch((accumulator & now.k) != 0); break;
      default: return now.k;
    }
  }
  return SECCOMP_RET_KILL_PROCESS;
}

}  // namespace containerv
