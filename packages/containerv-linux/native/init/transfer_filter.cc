#include "transfer_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "../common/kernel.h"
#include "confinement.h"

namespace containerv {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr uint32_t kCalls[] = {
    SYS_openat,      SYS_openat2,    SYS_close,      SYS_read,       SYS_write,      SYS_readv,      SYS_writev,
    SYS_lseek,       SYS_fstat,      SYS_newfstatat, SYS_statx,      SYS_readlinkat, SYS_getdents64, SYS_mkdirat,
    SYS_symlinkat,   SYS_linkat,     SYS_unlinkat,   SYS_renameat2,  SYS_fchown,     SYS_fchownat,   SYS_fchmod,
    SYS_utimensat,   SYS_flistxattr, SYS_fgetxattr,  SYS_fsetxattr,  SYS_fcntl,      SYS_sendmsg,    SYS_recvmsg,
    SYS_brk,         SYS_mmap,       SYS_munmap,     SYS_mremap,     SYS_getpid,     SYS_exit_group, SYS_exit,
#if defined(__x86_64__)
    SYS_renameat,
#endif
};
constexpr size_t kCount = sizeof kCalls / sizeof kCalls[0];
static_assert(kCount < 250, "a jump reaches 255 instructions");

}  // namespace

int load_transfer_filter() {
  sock_filter program[kCount + 7];
  size_t size = 0;
  program[size++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program[size++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program[size++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[size++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < kCount; ++i)
    program[size++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kCalls[i], static_cast<uint8_t>(kCount - i), 0);
  program[size++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  program[size++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  return load_filter({reinterpret_cast<const uint8_t*>(program), size * sizeof program[0]});
}

}  // namespace containerv
