#include "overlay_marks.h"

#include <string.h>
#include <sys/sysmacros.h>

#include <initializer_list>

#include "file_attributes.h"

namespace containerv {

bool is_whiteout(const struct stat& about) { return S_ISCHR(about.st_mode) && about.st_rdev == makedev(0, 0); }

bool is_opaque(int directory) {
  for (const char* name : {"user.overlay.opaque", "trusted.overlay.opaque"}) {
    char value;
    if (get_attribute(directory, name, &value, 1) == 1 && value == 'y') return true;
  }
  return false;
}

const char* overlay_attribute(const char* name) {
  for (const char* prefix : {"user.overlay.", "trusted.overlay."})
    if (strncmp(name, prefix, strlen(prefix)) == 0) return name + strlen(prefix);
  return nullptr;
}

bool is_private_mark(const char* attribute) {
  for (const char* name : {"origin", "impure", "nlink", "uuid", "upper"})
    if (strcmp(attribute, name) == 0) return true;
  return false;
}

}  // namespace containerv
