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

}  // namespace

void map_into_container(const char* path, char* to) {
  path = skip_device_prefix(path);
  if (lower(path[0]) >= 'a' && lower(path[0]) <= 'z' && path[1] == ':') path += 2;
  char* const root = to;
  char* end = root;  // of the last segment kept
  while (*path) {
    size_t size = 0;
    while (path[size] && !separates(path[size])) ++size;
    if (size == 2 && path[0] == '.' && path[1] == '.') {
      while (end > root && *--end != '/') {
      }
    } else if (size > 0 && !(size == 1 && path[0] == '.')) {
      *end++ = '/';
      for (size_t i = 0; i < size; ++i) *end++ = path[i];
    }
    path += size;
    while (separates(*path)) ++path;
  }
  if (end == root) *end++ = '/';
  *end = 0;
}

}  // namespace containerv
