#include "tree_removal.h"

#include <errno.h>
#include <unistd.h>

#include "tree_walk.h"

namespace containerv {
namespace {

constexpr char kStep[] = "remove directory";

bool remove(int directory, const char* name, Failure& failure) {
  if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR && errno != EPERM) return failure.set(kStep, "unlinkat", name);
  UniqueFd child(openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!child) return failure.set(kStep, "openat", name);
  if (!empty_directory(child.get(), failure)) return false;
  return unlinkat(directory, name, AT_REMOVEDIR) == 0 || failure.set(kStep, "unlinkat", name);
}

}  // namespace

bool empty_directory(int directory, Failure& failure) {
  Entries entries(directory);
  if (!entries) return failure.set(kStep, "open", ".");
  while (const char* name = entries.next())
    if (!remove(directory, name, failure)) return false;
  return true;
}

}  // namespace containerv
