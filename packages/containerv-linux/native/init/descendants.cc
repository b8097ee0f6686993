#include "descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/unique_fd.h"

namespace containerv {
namespace {

// The parent of a process from its stat file; the name in parentheses may hold anything (proc_pid_stat(5)).
pid_t parent_of(int proc, const char* name) {
  char path[64], text[512];
  snprintf(path, sizeof path, "%.20s/stat", name);
  UniqueFd file(openat(proc, path, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file ? read(file.get(), text, sizeof text - 1) : -1;
  if (size <= 0) return -1;
  text[size] = 0;
  const char* after = strrchr(text, ')');
  char state;
  pid_t parent;
  return after && sscanf(after + 1, " %c %d", &state, &parent) == 2 ? parent : -1;
}

bool kill_children(int proc) {
  const int copy = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = copy >= 0 ? fdopendir(copy) : nullptr;
  if (!list) {
    if (copy >= 0) close(copy);
    return false;
  }
  const pid_t self = getpid();
  while (const dirent* entry = readdir(list)) {
    const pid_t pid = atoi(entry->d_name);
    if (pid > 1 && parent_of(proc, entry->d_name) == self) kill(pid, SIGKILL);
  }
  closedir(list);
  return true;
}

}  // namespace

void kill_descendants(int proc) {
  // A child that forks before it dies leaves an orphan, which is ours at once: rounds end when it has no more time to.
  while (kill_children(proc)) {
    if (waitpid(-1, nullptr, __WALL) < 0 && errno == ECHILD) return;
    while (waitpid(-1, nullptr, __WALL | WNOHANG) > 0) {
    }
    if (waitpid(-1, nullptr, __WALL | WNOHANG) < 0 && errno == ECHILD) return;
  }
}

}  // namespace containerv
