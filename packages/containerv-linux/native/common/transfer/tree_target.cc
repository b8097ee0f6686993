#include "tree_target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "attributes.h"

namespace containerv::transfer {
namespace {

constexpr int kMaxStaged = 100;

constexpr Outcome kSkipped{ECANCELED, ""};

Outcome failed(const char* call) { return {errno, call}; }

// One component that is a name of something; anything else never came from a directory.
bool is_name(const char* name) {
  return name[0] != 0 && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strlen(name) < 256;
}

// A set-group-id directory gives its group away, a default access list its modes (inode(7), acl(5)).
bool is_plain(int directory) {
  struct stat about;
  return fstat(directory, &about) == 0 && !(about.st_mode & S_ISGID) &&
         fgetxattr(directory, "system.posix_acl_default", nullptr, 0) < 0;
}

bool has_mode(int fd, mode_t mode) {
  struct stat about;
  return fstat(fd, &about) == 0 && (about.st_mode & 07777) == mode;
}

Outcome write_whole(int fd, std::span<const uint8_t> content) {
  while (!content.empty()) {
    const ssize_t size = write(fd, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed("write");
    content = content.subspan(static_cast<size_t>(size));
  }
  return {};
}

}  // namespace

TreeTarget::TreeTarget(Settings settings) : settings_(settings), user_(geteuid()), group_(getegid()) {}

bool TreeTarget::born_right(const Metadata& data) const {
  return depth_ > 0 && levels_[depth_ - 1].plain && (data.mode & settings_.mode_mask & 07000) == 0 &&
         (!settings_.owners || (data.uid == user_ && data.gid == group_));
}

void TreeTarget::start(UniqueFd parent, const char* name, UniqueFd existing) {
  while (depth_ > 0) levels_[--depth_].fd.reset();
  skipped_ = 0;
  discard();
  parent_ = static_cast<UniqueFd&&>(parent);
  existing_ = static_cast<UniqueFd&&>(existing);
  snprintf(name_, sizeof name_, "%s", name);
}

Outcome TreeTarget::check(const char* name) const {
  if (depth_ > 0) return is_name(name) ? Outcome{} : Outcome{EBADMSG, "openat"};
  if (existing_) return {EISDIR, "openat"};
  return is_name(name_) ? Outcome{} : Outcome{EINVAL, "openat"};
}

Outcome TreeTarget::enter(const char* name) {
  if (skipped_ > 0) return ++skipped_, kSkipped;
  Level level;
  Outcome outcome;
  if (depth_ == 0 && existing_) {
    level.fd = static_cast<UniqueFd&&>(existing_);
  } else if (depth_ >= kMaxDepth) {
    outcome = {ENAMETOOLONG, "mkdirat"};
  } else if (outcome = check(name); outcome.ok()) {
    const char* own = actual(name);
    // Nobody else's until it is complete.
    level.made = mkdirat(here(), own, 0700) == 0;
    if (!level.made && errno != EEXIST) outcome = failed("mkdirat");
    if (outcome.ok()) {
      level.fd.reset(openat(here(), own, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!level.fd) outcome = failed("openat");
    }
  }
  level.plain = outcome.ok() && is_plain(level.fd.get());
  if (outcome.ok())
    levels_[depth_++] = static_cast<Level&&>(level);
  else
    ++skipped_;
  return outcome;
}

Outcome TreeTarget::leave(const Metadata& data, Attributes attributes) {
  if (skipped_ > 0) return --skipped_, kSkipped;
  if (depth_ == 0) return {EBADMSG, "close"};
  const Level level = static_cast<Level&&>(levels_[--depth_]);
  // A directory that was there before is its owner's, /tmp for instance.
  return level.made ? describe(level.fd.get(), data, attributes) : Outcome{};
}

// Attributes while we may write; the owner before the mode, of which it takes set-id bits away (chown(2)); times last,
// which everything else changes.
Outcome TreeTarget::describe(int fd, const Metadata& data, Attributes attributes, bool born_right) {
  if (const Outcome written = write_attributes(fd, attributes); !written.ok()) return written;
  if (!born_right && settings_.owners && fchown(fd, data.uid, data.gid) != 0) return failed("fchown");
  if (!born_right && fchmod(fd, data.mode & settings_.mode_mask) != 0) return failed("fchmod");
  const timespec times[] = {{static_cast<time_t>(data.accessed_s), static_cast<long>(data.accessed_ns)},
                            {static_cast<time_t>(data.modified_s), static_cast<long>(data.modified_ns)}};
  return futimens(fd, times) == 0 ? Outcome{} : failed("futimens");
}

void TreeTarget::stage(char (&staged)[64]) {
  snprintf(staged, sizeof staged, ".containerv-%d-%" PRIu64, getpid(), ++staged_);
}

// renameat(2) puts a file or link in the place of another at once, and refuses a directory.
Outcome TreeTarget::replace(const char* staged, const char* name) {
  if (renameat(here(), staged, here(), name) == 0) return {};
  const Outcome outcome = failed("renameat");
  unlinkat(here(), staged, 0);
  return outcome;
}

Outcome TreeTarget::small(const char* name, const Metadata& data, Attributes attributes,
                          std::span<const uint8_t> content) {
  if (skipped_ > 0) return kSkipped;
  if (const Outcome checked = check(name); !checked.ok()) return checked;
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const char* own = actual(name);
  char staged[64] = {};
  bool right = born_right(data);
  const mode_t mode = right ? data.mode & settings_.mode_mask : 0600;
  UniqueFd file(openat(here(), own, kNew, mode));
  for (int attempt = 0; !file && errno == EEXIST && attempt < kMaxStaged; ++attempt) {
    stage(staged);
    file.reset(openat(here(), staged, kNew, mode));
  }
  if (!file) return failed("openat");
  // Looking is cheaper than to change what mostly is right already.
  right = right && (settings_.no_umask || has_mode(file.get(), mode));
  Outcome outcome = write_whole(file.get(), content);
  if (outcome.ok()) outcome = describe(file.get(), data, attributes, right);
  if (!outcome.ok()) {
    unlinkat(here(), staged[0] ? staged : own, 0);
    return outcome;
  }
  return staged[0] ? replace(staged, own) : outcome;
}

Outcome TreeTarget::link(const char* name, const Metadata& data, const char* target) {
  if (skipped_ > 0) return kSkipped;
  if (const Outcome checked = check(name); !checked.ok()) return checked;
  const char* own = actual(name);
  char staged[64] = {};
  bool made = symlinkat(target, here(), own) == 0;
  for (int attempt = 0; !made && errno == EEXIST && attempt < kMaxStaged; ++attempt) {
    stage(staged);
    made = symlinkat(target, here(), staged) == 0;
  }
  if (!made) return failed("symlinkat");
  const char* there = staged[0] ? staged : own;
  const timespec times[] = {{static_cast<time_t>(data.accessed_s), static_cast<long>(data.accessed_ns)},
                            {static_cast<time_t>(data.modified_s), static_cast<long>(data.modified_ns)}};
  Outcome outcome;
  if (settings_.owners && fchownat(here(), there, data.uid, data.gid, AT_SYMLINK_NOFOLLOW) != 0)
    outcome = failed("fchownat");
  else if (utimensat(here(), there, times, AT_SYMLINK_NOFOLLOW) != 0)
    outcome = failed("utimensat");
  if (!outcome.ok()) {
    unlinkat(here(), there, 0);
    return outcome;
  }
  return staged[0] ? replace(staged, own) : outcome;
}

Outcome TreeTarget::open(const char* name) {
  if (skipped_ > 0) return kSkipped;
  if (const Outcome checked = check(name); !checked.ok()) return checked;
  discard();
  large_.fd.reset(openat(here(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600));
  // EISDIR and ENOENT: a kernel or file system that does not know O_TMPFILE (open(2)).
  if (!large_.fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT || errno == EINVAL)) {
    for (int attempt = 0; !large_.fd && (attempt == 0 || errno == EEXIST) && attempt < kMaxStaged; ++attempt) {
      stage(large_.staged);
      large_.fd.reset(openat(here(), large_.staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    }
  }
  if (!large_.fd) return large_.staged[0] = 0, failed("openat");
  snprintf(large_.name, sizeof large_.name, "%s", actual(name));
  return {};
}

Outcome TreeTarget::commit(const Metadata& data, Attributes attributes) {
  if (!large_.fd) return {EBADMSG, "linkat"};
  Outcome outcome = describe(large_.fd.get(), data, attributes);
  if (outcome.ok() && !large_.staged[0]) {
    char path[40];
    snprintf(path, sizeof path, "self/fd/%d", large_.fd.get());
    bool linked = linkat(settings_.proc, path, here(), large_.name, AT_SYMLINK_FOLLOW) == 0;
    if (linked) return large_.fd.reset(), outcome;
    for (int attempt = 0; !linked && errno == EEXIST && attempt < kMaxStaged; ++attempt) {
      stage(large_.staged);
      linked = linkat(settings_.proc, path, here(), large_.staged, AT_SYMLINK_FOLLOW) == 0;
    }
    if (!linked) outcome = failed("linkat"), large_.staged[0] = 0;
  }
  if (!outcome.ok()) return discard(), outcome;
  outcome = replace(large_.staged, large_.name);
  large_.staged[0] = 0;
  large_.fd.reset();
  return outcome;
}

void TreeTarget::discard() {
  if (large_.fd && large_.staged[0]) unlinkat(here(), large_.staged, 0);
  large_.staged[0] = 0;
  large_.fd.reset();
}

}  // namespace containerv::transfer
