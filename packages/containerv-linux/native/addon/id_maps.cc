#include "id_maps.h"

#include <fcntl.h>
#include <unistd.h>

#include "../common/unique_fd.h"
#include "map_helper.h"
#include "sys_error.h"

namespace containerv {
namespace {

void write_file(const char* step, const std::string& path, const std::string& text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) fail(step, "open", path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(step, "write", path);
}

void write_map(const char* step, pid_t pid, const char* file, const std::string& map, const std::string& helper) {
  if (helper.empty()) return write_file(step, "/proc/" + std::to_string(pid) + file, map);
  run_map_helper(helper, pid, map);
}

}  // namespace

void map_ids(pid_t pid, const IdMaps& maps) {
  if (maps.uid.empty()) return;
  // Before gid_map: an unprivileged mapping of groups is only allowed without setgroups (user_namespaces(7)).
  if (maps.deny_setgroups) write_file("map user ids", "/proc/" + std::to_string(pid) + "/setgroups", "deny");
  write_map("map user ids", pid, "/uid_map", maps.uid, maps.uid_helper);
  write_map("map group ids", pid, "/gid_map", maps.gid, maps.gid_helper);
}

}  // namespace containerv
