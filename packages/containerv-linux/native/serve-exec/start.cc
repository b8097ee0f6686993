// How this program starts without a C library, and what the compiler takes for granted of one.

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/kernel.h"
#include "runtime.h"

using containerv::kernel::raw_syscall;

// The kernel enters with the stack at argc, aligned to 16.
#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tcall serve_exec_start\n\thlt\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tb serve_exec_start\n");
#endif

extern "C" [[noreturn]] __attribute__((used)) void serve_exec_start(long* stack) {
  const int argc = static_cast<int>(*stack);
  char** argv = reinterpret_cast<char**>(stack + 1);
  containerv::exit_now(containerv::run(argc, argv, argv + argc + 1));
}

// Functions that the compiler calls of its own accord, and those of native/common.
extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, size_t size) {
  auto* target = static_cast<uint8_t*>(to);
  const auto* source = static_cast<const uint8_t*>(from);
  while (size-- > 0) *target++ = *source++;
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  auto* target = static_cast<uint8_t*>(to);
  const auto* source = static_cast<const uint8_t*>(from);
  if (target <= source) return memcpy(to, from, size);
  while (size-- > 0) target[size] = source[size];
  return to;
}

void* memset(void* memory, int value, size_t size) {
  auto* target = static_cast<uint8_t*>(memory);
  while (size-- > 0) *target++ = static_cast<uint8_t>(value);
  return memory;
}

int memcmp(const void* one, const void* other, size_t size) {
  const auto* left = static_cast<const uint8_t*>(one);
  const auto* right = static_cast<const uint8_t*>(other);
  for (; size > 0; --size, ++left, ++right)
    if (*left != *right) return *left - *right;
  return 0;
}

void* memchr(const void* memory, int value, size_t size) {
  const auto* at = static_cast<const uint8_t*>(memory);
  for (; size > 0; --size, ++at)
    if (*at == static_cast<uint8_t>(value)) return const_cast<uint8_t*>(at);
  return nullptr;
}

size_t strlen(const char* text) {
  size_t size = 0;
  while (text[size]) ++size;
  return size;
}

int close(int fd) { return raw_syscall(SYS_close, fd) == 0 ? 0 : -1; }

}  // extern "C"
