#include "wide.h"

#include <stdint.h>

namespace containerv {
namespace {

bool is_high(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// How many bytes a character has that begins so; 0: none does.
size_t size_by_first(unsigned char byte) {
  if (byte < 0x80) return 1;
  if (byte >= 0xC2 && byte < 0xE0) return 2;
  if (byte >= 0xE0 && byte < 0xF0) return 3;
  return byte >= 0xF0 && byte < 0xF5 ? 4 : 0;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::string narrow(std::wstring_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t code = text[i];
    if (is_high(code) && i + 1 < text.size() && is_low(text[i + 1]))
      code = 0x10000 + ((code - 0xD800) << 10) + (text[++i] - 0xDC00u);
    const auto add = [&](uint32_t byte) { bytes += static_cast<char>(byte); };
    const auto rest = [&](int shift) { add(0x80 | ((code >> shift) & 0x3F)); };
    if (code < 0x80) {
      add(code);
    } else if (code < 0x800) {
      add(0xC0 | code >> 6), rest(0);
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12), rest(6), rest(0);
    } else {
      add(0xF0 | code >> 18), rest(12), rest(6), rest(0);
    }
  }
  return bytes;
}

std::wstring widen(std::string_view text) {
  std::wstring wide;
  wide.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t size = size_by_first(first);
    bool valid = size > 0 && size <= text.size() - i;
    for (size_t k = 1; valid && k < size; ++k) valid = continues(text[i + k]);
    uint32_t code = size == 1 ? first : first & (0x7F >> size);
    for (size_t k = 1; valid && k < size; ++k) code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    valid = valid && !(size == 3 && code < 0x800) && !(size == 4 && (code < 0x10000 || code > 0x10FFFF));
    i += valid ? size : 1;
    if (!valid) {
      wide += L'\xFFFD';
    } else if (code < 0x10000) {
      wide += static_cast<wchar_t>(code);
    } else {
      wide += static_cast<wchar_t>(0xD800 + ((code - 0x10000) >> 10));
      wide += static_cast<wchar_t>(0xDC00 + (code & 0x3FF));
    }
  }
  return wide;
}

size_t whole_characters(std::string_view text) {
  // The last character begins within the last four bytes, or these are none at all.
  for (size_t back = 1; back <= 4 && back <= text.size(); ++back) {
    const char byte = text[text.size() - back];
    if (continues(byte)) continue;
    return size_by_first(static_cast<unsigned char>(byte)) > back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace containerv
