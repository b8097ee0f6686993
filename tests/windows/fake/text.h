// UTF-16, as Windows has it, and UTF-8, as everything in here has it.
#pragma once

#include <windows.h>

#include <string>
#include <string_view>

namespace fake {

std::string narrow(PCWSTR text);
std::wstring widen(std::string_view text);

// What the caller gets to free: each library by its documented function.
enum class Allocator { kCoTaskMem, kLocal };
// Whether LocalFree has not got it.
bool still_there(const void* memory);
PWSTR give(Allocator allocator, std::string_view text);

}  // namespace fake
