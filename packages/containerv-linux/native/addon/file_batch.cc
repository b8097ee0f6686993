#include "file_batch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdio>
#include <cstdlib>

#include "../common/kernel.h"
#include "../common/unique_fd.h"
#include "descriptor_io.h"
#include "layer_marks.h"
#include "remove_group.h"
#include "remove_tree.h"
#include "sys_error.h"

namespace containerv {
namespace {

constexpr size_t kMaxRead = 64 * 1024;

void check(bool ok, const char* syscall, const std::string& path) {
  if (!ok) fail("", syscall, path);
}

void write_text(const std::string& path, const std::string& text, int flags) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  check(bool(file), "open", path);
  const ssize_t written = write(file.get(), text.data(), text.size());
  if (written >= 0 && written != static_cast<ssize_t>(text.size())) errno = ENOSPC;
  check(written == static_cast<ssize_t>(text.size()), "write", path);
}

// Whole or not at all, for whoever reads it.
void replace_text(const std::string& path, const std::string& text) {
  const std::string staged = path + ".new";
  write_text(staged, text, O_CREAT | O_TRUNC);
  check(rename(staged.c_str(), path.c_str()) == 0, "rename", path);
}

std::string read_text(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  check(bool(file), "open", path);
  // Not the result's own: that would be cleared, 64 KiB of it, for a few digits.
  static thread_local char buffer[kMaxRead];
  const ssize_t size = read(file.get(), buffer, sizeof buffer);
  check(size >= 0, "read", path);
  return {buffer, static_cast<size_t>(size)};
}

// EWOULDBLOCK also when the file was removed, and perhaps made anew, before we had the lock: the
// one that the path names now is somebody else's.
int lock_named(const std::string& path, bool exclusive) {
  UniqueFd held = lock_file(path, exclusive);
  struct stat named, opened;
  const bool same = held && fstat(held.get(), &opened) == 0 && stat(path.c_str(), &named) == 0 &&
                    named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
  if (!same) errno = EWOULDBLOCK;
  check(same, "flock", path);
  return held.release();
}

// Whether a process is the container's init: in one of its control groups, or, late in its end, in
// none of any container any more, while the kernel still kills what it leaves.
bool is_init_of(int number, const std::string& id) {
  const std::string pid = std::to_string(number);
  if (read_text("/proc/" + pid + "/comm") != "containerv-init\n") return false;
  const std::string groups = read_text("/proc/" + pid + "/cgroup");
  return groups.find("/containerv/" + id + "\n") != std::string::npos || groups.find("/containerv/") == std::string::npos;
}

// Waits until the process whose id the file holds has ended, if it is the container's init: whoever
// else has that number by now is not waited for. Only with pidfds (Linux 5.3).
void await_exit(const std::string& pid_file, const std::string& id) {
  constexpr int kLongestMs = 10'000;
  const int pid = atoi(read_text(pid_file).c_str());
  UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  // Looked at with the descriptor in hand: it stays what it was, the number may not.
  if (!process || !is_init_of(pid, id)) return;
  pollfd ended{process.get(), POLLIN, 0};
  while (poll(&ended, 1, kLongestMs) < 0 && errno == EINTR) {
  }
}

// Atomically, and never over something.
void publish(const std::string& staged, const std::string& path) {
  check(syscall(SYS_renameat2, AT_FDCWD, staged.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0, "renameat2", path);
}

void check_directory(const std::string& path) {
  struct stat about;
  check(stat(path.c_str(), &about) == 0, "stat", path);
  errno = ENOTDIR;
  check(S_ISDIR(about.st_mode), "stat", path);
}

void run(const FileStep& step, FileResult& result, Graveyard& graveyard) {
  const std::string& path = step.path;
  switch (step.kind) {
    case FileStep::Kind::kMkdir: return check(mkdir(path.c_str(), step.mode) == 0, "mkdir", path);
    case FileStep::Kind::kEnsureDirectory:
      return check(mkdir(path.c_str(), step.mode) == 0 || errno == EEXIST, "mkdir", path);
    case FileStep::Kind::kWrite: return write_text(path, step.text, 0);
    case FileStep::Kind::kReplace: return replace_text(path, step.text);
    case FileStep::Kind::kRead: result.text = read_text(path); return;
    case FileStep::Kind::kOpen:
      result.fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      return check(result.fd >= 0, "open", path);
    case FileStep::Kind::kLock: result.fd = lock_named(path, step.mode != 0); return;
    case FileStep::Kind::kRmdir: return remove_group(path);
    case FileStep::Kind::kRemoveTree: return remove_tree(path, graveyard);
    case FileStep::Kind::kRemoveClaim: return remove_tree_and_last(path, "lock", graveyard);
    case FileStep::Kind::kDirectory: return check_directory(path);
    case FileStep::Kind::kOpaqueMarks: return show_opaque_marks(path);
    case FileStep::Kind::kPublish: return publish(path, step.text);
    case FileStep::Kind::kAwaitExit: return await_exit(path, step.text);
  }
}

}  // namespace

bool run_file_steps(std::span<const FileStep> steps, std::span<FileResult> results, Graveyard& graveyard) {
  for (size_t i = 0; i < steps.size(); ++i) {
    try {
      run(steps[i], results[i], graveyard);
      results[i].done = true;
    } catch (const SysError& error) {
      results[i].syscall = error.syscall;
      results[i].error = error.error;
      if (!steps[i].optional) return false;
    }
  }
  return true;
}

std::vector<FileResult> run_file_steps(const std::vector<FileStep>& steps, Graveyard& graveyard) {
  std::vector<FileResult> results(steps.size());
  run_file_steps(steps, results, graveyard);
  return results;
}

}  // namespace containerv
