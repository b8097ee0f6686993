// Builds a filter with libseccomp from a description on stdin and writes its BPF to stdout.
//
//   arch x86_64|aarch64          optimize 1|2 (2: binary tree)
//   default ACTION               hexadecimal SECCOMP_RET_*
//   rule NUMBER NAME ACTION COUNT [INDEX OP A B]...      OP as in <seccomp.h>, A and B hexadecimal
//
// Syscalls that this libseccomp does not know on the architecture are named on stderr and left out. Exits with 77
// where the library is not installed. Only its stable ABI is used, so its headers need not be.
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arg_cmp {
  unsigned int arg;
  int op;
  uint64_t a, b;
};

enum { ATTR_ACT_BADARCH = 2, ATTR_CTL_OPTIMIZE = 8, RESOLVE_FAILED = -1 };
static const uint32_t kill_process = 0x80000000u;

static void fail(const char* what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(-error));
  exit(1);
}

#define BIND(type, name, ...) type (*name)(__VA_ARGS__) = (type(*)(__VA_ARGS__))(intptr_t)dlsym(library, "seccomp_" #name)

int main(void) {
  void* library = dlopen("libseccomp.so.2", RTLD_NOW);
  if (!library) {
    fprintf(stderr, "libseccomp.so.2 is not installed\n");
    return 77;
  }
  BIND(void*, init, uint32_t);
  BIND(int, arch_add, void*, uint32_t);
  BIND(int, arch_remove, void*, uint32_t);
  BIND(int, attr_set, void*, int, uint32_t);
  BIND(int, syscall_resolve_name_arch, uint32_t, const char*);
  BIND(int, syscall_resolve_name, const char*);
  BIND(int, rule_add_array, void*, uint32_t, int, unsigned int, const struct arg_cmp*);
  BIND(int, export_bpf, void*, int);

  char word[64], name[64];
  uint32_t arch = 0, action = 0, optimize = 1;
  void* filter = NULL;
  while (scanf("%63s", word) == 1) {
    int result = 0;
    if (!strcmp(word, "arch")) {
      if (scanf("%63s", name) != 1) fail("arch", -EINVAL);
      arch = !strcmp(name, "x86_64") ? 0xc000003eu : 0xc00000b7u;
    } else if (!strcmp(word, "optimize")) {
      if (scanf("%" SCNu32, &optimize) != 1) fail("optimize", -EINVAL);
    } else if (!strcmp(word, "default")) {
      if (scanf("%" SCNx32, &action) != 1) fail("default", -EINVAL);
      filter = init(action);
      if (!filter) fail("seccomp_init", -EINVAL);
      // The native architecture is there from the start.
      if ((result = arch_add(filter, arch)) != 0 && result != -EEXIST) fail("seccomp_arch_add", result);
      uint32_t other = arch == 0xc000003eu ? 0xc00000b7u : 0xc000003eu;
      if ((result = arch_remove(filter, other)) != 0 && result != -EEXIST) fail("seccomp_arch_remove", result);
      if ((result = attr_set(filter, ATTR_ACT_BADARCH, kill_process)) != 0) fail("BADARCH", result);
      if ((result = attr_set(filter, ATTR_CTL_OPTIMIZE, optimize)) != 0) fail("OPTIMIZE", result);
    } else if (!strcmp(word, "rule")) {
      int number;
      unsigned int count;
      struct arg_cmp args[6];
      if (scanf("%d %63s %" SCNx32 " %u", &number, name, &action, &count) != 4 || count > 6) fail("rule", -EINVAL);
      for (unsigned int i = 0; i < count; i++)
        if (scanf("%u %d %" SCNx64 " %" SCNx64, &args[i].arg, &args[i].op, &args[i].a, &args[i].b) != 4)
          fail("condition", -EINVAL);
      // Numbers are those of the native architecture; libseccomp translates them by name to another one.
      int native = syscall_resolve_name(name);
      if (syscall_resolve_name_arch(arch, name) != number || native < 0) {
        fprintf(stderr, "unknown %s\n", name);
        continue;
      }
      if ((result = rule_add_array(filter, action, native, count, args)) != 0) fail(name, result);
    } else {
      fail(word, -EINVAL);
    }
  }
  int result = filter ? export_bpf(filter, 1) : -EINVAL;
  if (result != 0) fail("seccomp_export_bpf", result);
  return 0;
}
