#include "container_path.h"

#include <stddef.h>

namespace containerv {
namespace {

bool separates(char character) { return character == '/' || character == '\\'; }

char lower(char character) { return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character; }

// \\?\C:\x, \\?\UNC\server\share, \\.\pipe\x and \??\C:\x.
const char* skip_device_prefix(const char* path) {
  if (separates(path[0]) && separates(path[1]) && (path[2] == '?' || path[2] == '.') && separates(path[3])) {
    const bool unc = path[2] == '?' && lower(path[4]) == 'u' && lower(path[5]) == 'n' && lower(path[6]) == 'c';
    return unc && separates(path[7]) ? path + 8 : path + 4;
  }
  const bool object = path[0] == '\\' && path[1] == '?' && path[2] == '?' && path[3] == '\\';
  return object ? path + 4 : path;
}

// Windows drops dots and spaces at the end of a name itself.
size_t kept_size(const char* segment, size_t size, Guest guest) {
  if (guest == Guest::kWindows)
    while (size > 0 && (segment[size - 1] == '.' || segment[size - 1] == ' ')) --size;
  return size;
}

constexpr char kLcowRoot[] = "/chef/rootfs";
constexpr size_t kLcowRootSize = sizeof kLcowRoot - 1;

bool is_below_lcow_root(const char* path) {
  for (size_t i = 0; i < kLcowRootSize; ++i)
    if (path[i] != kLcowRoot[i]) return false;
  return path[kLcowRootSize] == 0 || path[kLcowRootSize] == '/';
}

}  // namespace

void map_into_container(const char* path, char* to, Guest guest) {
  const char separator = guest == Guest::kWindows ? '\\' : '/';
  path = skip_device_prefix(path);
  if (lower(path[0]) >= 'a' && lower(path[0]) <= 'z' && path[1] == ':') path += 2;
  if (guest == Guest::kWindows) *to++ = 'C', *to++ = ':';
  char* const root = to;
  char* end = root;  // of the last segment kept
  while (*path) {
    size_t size = 0;
    while (path[size] && !separates(path[size])) ++size;
    const size_t kept = kept_size(path, size, guest);
    if (size == 2 && path[0] == '.' && path[1] == '.') {
      while (end > root && *--end != separator) {
      }
    } else if (kept > 0 && !(size == 1 && path[0] == '.')) {
      *end++ = separator;
      for (size_t i = 0; i < kept; ++i) *end++ = path[i];
    }
    path += size;
    while (separates(*path)) ++path;
  }
  if (end == root) *end++ = separator;
  *end = 0;
}

void map_into_lcow(const char* path, char* to) {
  for (size_t i = 0; i < kLcowRootSize; ++i) to[i] = kLcowRoot[i];
  char* const rest = to + kLcowRootSize;
  map_into_container(path, rest);
  const char* below = rest;
  while (is_below_lcow_root(below)) below += kLcowRootSize;
  if (below[0] == '/' && below[1] == 0) ++below;
  char* end = rest;
  while ((*end++ = *below++)) {
  }
}

}  // namespace containerv
