#include "device_nodes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <sstream>
#include <string>

#include "../common/kernel.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "make device";

UniqueFd mount_store() {
  UniqueFd context(kernel::fsopen("tmpfs"));
  if (!context) fail(kStep, "fsopen", "tmpfs");
  const std::pair<const char*, const char*> options[] = {{"mode", "0755"}, {"size", "64k"}};
  for (const auto& [key, value] : options)
    if (kernel::fsconfig(context.get(), kernel::kFsconfigSetString, key, value) != 0) fail(kStep, "fsconfig", "tmpfs");
  if (kernel::fsconfig(context.get(), kernel::kFsconfigCreate, nullptr, nullptr) != 0) fail(kStep, "fsconfig", "tmpfs");
  UniqueFd store(kernel::fsmount(context.get(), kernel::kMountAttrNosuid | kernel::kMountAttrNoexec));
  if (!store) fail(kStep, "fsmount", "tmpfs");
  return store;
}

// Lines `inside outside count`; without any, ids are as they are.
uint32_t outside(const std::string& map, uint32_t id) {
  if (map.empty()) return id;
  std::istringstream lines(map);
  uint64_t inside, host, count;
  while (lines >> inside >> host >> count)
    if (id >= inside && id - inside < count) return static_cast<uint32_t>(host + (id - inside));
  errno = EINVAL;
  fail(kStep, "fchownat", "id " + std::to_string(id));
}

}  // namespace

UniqueFd make_device_nodes(const std::vector<DeviceNode>& nodes, const IdMaps& maps) {
  UniqueFd store = mount_store();
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& node = nodes[i];
    const std::string name = std::to_string(i);
    if (mknodat(store.get(), name.c_str(), (node.mode & S_IFMT) | 0600, makedev(node.major, node.minor)) != 0)
      fail(kStep, "mknodat", name);
    if (fchownat(store.get(), name.c_str(), outside(maps.uid, node.uid), outside(maps.gid, node.gid),
                 AT_SYMLINK_NOFOLLOW) != 0)
      fail(kStep, "fchownat", name);
    // Past the umask.
    if (fchmodat(store.get(), name.c_str(), node.mode & 0777, 0) != 0) fail(kStep, "fchmodat", name);
  }
  return store;
}

}  // namespace containerv
