#include "id_maps.h"

#include <fcntl.h>
#include <unistd.h>

#include "../common/unique_fd.h"
#include "sys_error.h"

namespace containerv {
namespace {

void write_file(const char* step, const std::string& path, const std::string& text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) fail(step, "open", path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(step, "write", path);
}

}  // namespace

void map_ids(pid_t pid, const IdMaps& maps) {
  if (maps.uid.empty()) return;
  const std::string process = "/proc/" + std::to_string(pid);
  // Before gid_map: an unprivileged mapping of groups is only allowed without setgroups (user_namespaces(7)).
  if (maps.deny_setgroups) write_file("map user ids", process + "/setgroups", "deny");
  write_file("map user ids", process + "/uid_map", maps.uid);
  write_file("map group ids", process + "/gid_map", maps.gid);
}

}  // namespace containerv
