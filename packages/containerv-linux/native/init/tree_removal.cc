#include "tree_removal.h"

#include <errno.h>
#include <unistd.h>

#include "../common/move_up.h"
#include "tree_walk.h"

namespace containerv {
namespace {

constexpr char kStep[] = "remove directory";

class Removal {
 public:
  Removal(int top, Failure& failure) : top_(top), failure_(failure) {}

  // What is moved up may or may not be seen by a list of the top that is being read: until nothing was.
  bool run() {
    unsigned before;
    do {
      before = moved_;
      if (!empty(top_, 0)) return false;
    } while (moved_ != before);
    return true;
  }

 private:
  bool empty(int directory, int depth) {
    Entries entries(directory);
    if (!entries) return failure_.set(kStep, "open", ".");
    while (const char* name = entries.next())
      if (!remove(directory, name, depth)) return false;
    return true;
  }

  bool remove(int directory, const char* name, int depth) {
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return true;
    if (errno != EISDIR && errno != EPERM) return failure_.set(kStep, "unlinkat", name);
    if (unlinkat(directory, name, AT_REMOVEDIR) == 0) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) return failure_.set(kStep, "unlinkat", name);
    if (depth >= kMaxRemovalDepth) return move_up(directory, name, top_, moved_) || failure_.set(kStep, "renameat2", name);
    UniqueFd child(openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!child) return failure_.set(kStep, "openat", name);
    if (!empty(child.get(), depth + 1)) return false;
    return unlinkat(directory, name, AT_REMOVEDIR) == 0 || failure_.set(kStep, "unlinkat", name);
  }

  int top_;
  Failure& failure_;
  unsigned moved_ = 0;
};

}  // namespace

bool empty_directory(int directory, Failure& failure) { return Removal(directory, failure).run(); }

}  // namespace containerv
