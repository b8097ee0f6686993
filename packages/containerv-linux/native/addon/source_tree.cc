#include "source_tree.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "../common/kernel.h"
#include "image_mount.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kMapStep[] = "map file owners";

UniqueFd clone_tree(const SourceTree& tree) {
  UniqueFd source(open(tree.path.c_str(), O_PATH | O_CLOEXEC));
  if (!source) fail("open mount source", "open", tree.path);
  const unsigned recursive = tree.recursive ? kernel::kAtRecursive : 0;
  UniqueFd clone(kernel::open_tree(source.get(), "", kernel::kOpenTreeClone | AT_EMPTY_PATH | recursive));
  if (!clone) fail(kMapStep, "open_tree", tree.path);
  return clone;
}

UniqueFd make_source_tree(const SourceTree& tree, int user_namespace, const IdMaps& maps) {
  if (!tree.devices.empty()) return make_device_nodes(tree.devices, maps);
  UniqueFd made = tree.image ? mount_image(tree.path) : clone_tree(tree);
  if (!tree.mapped) return made;
  // Private: what is mounted on the host later must not come in.
  const kernel::MountAttr mapped{kernel::kMountAttrIdmap, 0, MS_PRIVATE, static_cast<uint64_t>(user_namespace)};
  const unsigned recursive = tree.recursive ? kernel::kAtRecursive : 0;
  if (kernel::mount_setattr(made.get(), recursive, mapped) != 0) fail(kMapStep, "mount_setattr", tree.path);
  return made;
}

}  // namespace

std::vector<UniqueFd> make_source_trees(const std::vector<SourceTree>& trees, int pid,
                                        const IdMaps& maps) {
  std::vector<UniqueFd> made;
  if (trees.empty()) return made;
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  UniqueFd user_namespace(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!user_namespace) fail(kMapStep, "open", path);
  for (const auto& tree : trees) made.push_back(make_source_tree(tree, user_namespace.get(), maps));
  return made;
}

}  // namespace containerv
