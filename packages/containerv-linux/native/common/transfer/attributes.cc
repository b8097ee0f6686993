#include "attributes.h"

#include <errno.h>
#include <sys/xattr.h>

namespace containerv::transfer {
namespace {

constexpr std::string_view kUser = "user.";
constexpr std::string_view kOverlay = "user.overlay.";

bool is_ours(std::string_view name) { return name.starts_with(kUser) && !name.starts_with(kOverlay); }

}  // namespace

Outcome read_attributes(int fd, Packer& into) {
  into.clear();
  char names[kMaxAttributes];
  const ssize_t size = flistxattr(fd, names, sizeof names);
  if (size < 0) return errno == ENOTSUP ? Outcome{} : Outcome{errno, "flistxattr"};
  for (const char* name = names; name < names + size; name += strlen(name) + 1) {
    if (!is_ours(name)) continue;
    uint8_t value[kMaxAttributes];
    const ssize_t length = fgetxattr(fd, name, value, sizeof value);
    if (length < 0 && errno == ENODATA) continue;  // removed since
    if (length < 0) return {errno, "fgetxattr"};
    into.text(name);
    into.bytes({value, static_cast<size_t>(length)});
    if (into.size() > kMaxAttributes) return {E2BIG, "fgetxattr"};
  }
  return {};
}

Outcome write_attributes(int fd, Attributes attributes) {
  WireReader reader(attributes);
  while (reader.ok() && !reader.finished()) {
    const char* name = reader.text();
    const auto value = reader.bytes();
    if (!reader.ok() || !is_ours(name)) return {EBADMSG, "fsetxattr"};
    if (fsetxattr(fd, name, value.data(), value.size(), 0) != 0 && errno != ENOTSUP) return {errno, "fsetxattr"};
  }
  return {};
}

}  // namespace containerv::transfer
