#include "text.h"

#include <objbase.h>

#include <cstring>

#include "world.h"

namespace fake {

namespace {

constexpr size_t kOwnPages = 1 << 20;
// Beyond every string, so that whoever gets the same pages later is told apart.
constexpr size_t kMarkOffset = kOwnPages - 64;
constexpr char kMark[] = "a string of computecore.dll";

}  // namespace

std::string narrow(PCWSTR text) {
  if (text == nullptr) return "";
  const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  std::string result(static_cast<size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text, -1, result.data(), size, nullptr, nullptr);
  result.pop_back();
  return result;
}

std::wstring widen(std::string_view text) {
  const int length = static_cast<int>(text.size());
  std::wstring result(static_cast<size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), length, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), length, result.data(), static_cast<int>(result.size()));
  return result;
}

bool still_there(const void* memory) {
  // Not by looking at it: another thread may free it in between.
  char mark[sizeof kMark] = {};
  const char* at = static_cast<const char*>(memory) + kMarkOffset;
  return ReadProcessMemory(GetCurrentProcess(), at, mark, sizeof mark, nullptr) &&
         std::memcmp(mark, kMark, sizeof kMark) == 0;
}

PWSTR give(Allocator allocator, std::string_view text) {
  const std::wstring wide = widen(text);
  const size_t bytes = (wide.size() + 1) * sizeof(wchar_t);
  // Of a size that the heap gives back to the system as soon as it is freed: there is no other way to see LocalFree.
  void* memory =
      allocator == Allocator::kCoTaskMem ? CoTaskMemAlloc(bytes) : LocalAlloc(LMEM_FIXED, bytes + kOwnPages);
  std::memcpy(memory, wide.c_str(), bytes);
  if (allocator == Allocator::kLocal) {
    std::memcpy(static_cast<char*>(memory) + kMarkOffset, kMark, sizeof kMark);
  }
  World::get().gave(allocator, memory);
  return static_cast<PWSTR>(memory);
}

}  // namespace fake
