#include "tree_changes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <new>

#include "lower_set.h"
#include "overlay_marks.h"
#include "tree_walk.h"

namespace containerv {
namespace {

constexpr char kStep[] = "list changes";

bool same_attributes(const struct stat& a, const struct stat& b) {
  return a.st_mode == b.st_mode && a.st_uid == b.st_uid && a.st_gid == b.st_gid;
}

class Changes {
 public:
  Changes(std::span<const LowerRoot> roots, FILE* report, const LayerOwners& owners, Failure& failure)
      : roots_(roots), report_(report), owners_(owners), failure_(failure) {}

  // `replaced`: it took the place of what `lower` has, of which it shows nothing.
  bool directory(int upper, const LowerSet& lower, bool replaced) {
    if (replaced && !tell_hidden(upper, lower)) return false;
    Entries entries(upper);
    if (!entries) return failed("open");
    while (const char* name = entries.next()) {
      const size_t before = path_.size();
      if (!path_.enter(name)) return failure_.set(ENAMETOOLONG, kStep, "openat", name);
      if (!entry(upper, lower, name, replaced)) return false;
      path_.leave(before);
    }
    return true;
  }

  bool start(int upper) {
    LowerSet lower;
    return root_of("", lower) ? directory(upper, lower, false) : failed("fcntl");
  }

 private:
  bool failed(const char* call) { return failure_.set(kStep, call, path_.text()); }

  bool tell(char kind, const struct stat& about) {
    return fprintf(report_, "%c %c %s%c", kind, S_ISDIR(about.st_mode) ? 'd' : 'f', path_.text(), 0) >= 0 ||
           failed("write");
  }

  const LowerRoot* find_root(const char* path) const {
    for (const auto& root : roots_)
      if (strcmp(root.path, path) == 0) return &root;
    return nullptr;
  }

  bool root_of(const char* path, LowerSet& lower) const {
    const LowerRoot* root = find_root(path);
    return !root || lower.copy(root->directories);
  }

  bool entry(int upper, const LowerSet& lower, const char* name, bool replaced) {
    UniqueFd here(openat(upper, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat about;
    if (!here && errno == ENOENT) return true;  // removed since it was listed
    if (!here || fstat(here.get(), &about) != 0) return failed("openat");
    owners_.translate(about);
    // A mount of its own in the container: the directory that is there in the upper layer only holds its changes.
    if (const LowerRoot* root = find_root(path_.text())) {
      LowerSet own;
      return own.copy(root->directories) ? directory(here.get(), own, false) : failed("fcntl");
    }
    LowerSet::Found found;
    LowerSet below;
    if (!lower.look_up(name, found, below)) return failed("openat");
    if (is_whiteout(about)) return tell(found.exists ? 'D' : 'W', about);
    if (!S_ISDIR(about.st_mode)) return tell(found.exists ? 'M' : 'A', about);
    const bool replaces = is_opaque(here.get());
    if (!found.exists && !tell('A', about)) return false;
    if (found.exists && (replaces || !same_attributes(about, found.about)) && !tell('M', about)) return false;
    return directory(here.get(), below, replaced || replaces);
  }

  bool tell_hidden(int upper, const LowerSet& lower) {
    for (const auto& directory : lower.directories()) {
      Entries entries(directory.get());
      if (!entries) return failed("open");
      while (const char* name = entries.next()) {
        struct stat about;
        LowerSet::Found found;
        LowerSet below;
        if (fstatat(upper, name, &about, AT_SYMLINK_NOFOLLOW) == 0) continue;
        if (!lower.look_up(name, found, below)) return failed("openat");
        if (!found.exists || !is_topmost(lower, directory, name)) continue;
        const size_t before = path_.size();
        if (!path_.enter(name)) return failure_.set(ENAMETOOLONG, kStep, "openat", name);
        if (!tell('D', found.about)) return false;
        path_.leave(before);
      }
    }
    return true;
  }

  // So that a name that several layers have is told once.
  static bool is_topmost(const LowerSet& lower, const UniqueFd& directory, const char* name) {
    for (const auto& other : lower.directories()) {
      if (&other == &directory) return true;
      struct stat about;
      if (fstatat(other.get(), name, &about, AT_SYMLINK_NOFOLLOW) == 0) return false;
    }
    return true;
  }

  std::span<const LowerRoot> roots_;
  FILE* report_;
  const LayerOwners& owners_;
  Failure& failure_;
  WalkPath path_;
};

}  // namespace

bool find_changes(int upper, std::span<const LowerRoot> roots, int report, const LayerOwners& owners, Failure& failure) {
  UniqueFd copy(fcntl(report, F_DUPFD_CLOEXEC, 0));
  FILE* stream = copy ? fdopen(copy.get(), "w") : nullptr;
  if (!stream) return failure.set(kStep, "fdopen");
  static_cast<void>(copy.release());
  auto* changes = new (std::nothrow) Changes(roots, stream, owners, failure);
  bool done = changes ? changes->start(upper) : failure.set(ENOMEM, kStep, "malloc");
  delete changes;
  // What the stream still holds is written now.
  if (fclose(stream) != 0 && done) done = failure.set(kStep, "write");
  return done;
}

}  // namespace containerv
