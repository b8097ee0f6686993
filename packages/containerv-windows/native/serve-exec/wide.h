#pragma once

#include <string>
#include <string_view>

namespace containerv {

// UTF-16 as Windows has it, and bytes as the shared parts of this program have it. What is no valid UTF-16 (names of
// files may be) survives there and back: an unpaired surrogate becomes the three bytes that UTF-8 would have for it.
std::string narrow(std::wstring_view text);
// Bytes that are no UTF-8 become U+FFFD.
std::wstring widen(std::string_view text);

// What of `text` ends with a whole character; the rest is the beginning of one.
size_t whole_characters(std::string_view text);

}  // namespace containerv
