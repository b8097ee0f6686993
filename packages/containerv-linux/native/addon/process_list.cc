#include "process_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "../common/kernel.h"
#include "../common/unique_fd.h"

namespace containerv {
namespace {

constexpr size_t kMaxFile = 64 * 1024;
// Of arguments, which a process may make megabytes long.
constexpr size_t kMaxArguments = 4096;
constexpr off_t kMaxPasswd = 1024 * 1024;
constexpr size_t kMaxProcesses = 65536;

std::string read_from_start(int fd, size_t most) {
  std::string text;
  char chunk[4096];
  while (text.size() < most) {
    const ssize_t got = pread(fd, chunk, std::min(sizeof chunk, most - text.size()), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::string();
    if (got == 0) break;
    text.append(chunk, static_cast<size_t>(got));
  }
  return text;
}

std::string read_at(int directory, const char* name, size_t most = kMaxFile) {
  UniqueFd file(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return file ? read_from_start(file.get(), most) : std::string();
}

// A handle that stays this process's: when it has ended and its number is another's, files in it are gone.
UniqueFd open_process(int pid) {
  return UniqueFd(open(("/proc/" + std::to_string(pid)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int parent_of(const std::string& stat) {
  // The name in parentheses may hold anything.
  const size_t end = stat.rfind(')');
  if (end == std::string::npos || end + 4 > stat.size()) return -1;
  return atoi(stat.c_str() + end + 4);
}

std::vector<int> members(const std::vector<std::string>& groups) {
  std::vector<int> pids;
  for (const auto& path : groups) {
    UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string text = file ? read_from_start(file.get(), kMaxProcesses * 8) : std::string();
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      pids.push_back(atoi(text.c_str() + at));
      if (text.find('\n', at) == std::string::npos) break;
    }
  }
  return pids;
}

std::vector<int> descendants(int ancestor) {
  std::multimap<int, int> children;
  DIR* proc = opendir("/proc");
  if (!proc) return {};
  while (const dirent* entry = readdir(proc)) {
    const int pid = atoi(entry->d_name);
    UniqueFd process = pid > 0 ? open_process(pid) : UniqueFd();
    if (process) children.emplace(parent_of(read_at(process.get(), "stat", 1024)), pid);
  }
  closedir(proc);
  std::vector<int> family{ancestor};
  for (size_t i = 0; i < family.size() && family.size() < kMaxProcesses; ++i) {
    const auto [from, to] = children.equal_range(family[i]);
    for (auto child = from; child != to; ++child) family.push_back(child->second);
  }
  return family;
}

bool is_in_group(int process, const std::string& id) {
  const std::string groups = read_at(process, "cgroup");
  const std::string name = "/containerv/" + id;
  return groups.find(name + "\n") != std::string::npos || groups.find(name + "/") != std::string::npos;
}

// The user database as the container's processes see it, by the root directory of one of them.
std::string read_passwd(int process) {
  UniqueFd root(openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::string();
  UniqueFd file(kernel::openat2(root.get(), "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY,
                                kernel::kResolveInRoot | kernel::kResolveNoMagiclinks));
  struct stat about;
  if (!file || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > kMaxPasswd)
    return std::string();
  return read_from_start(file.get(), static_cast<size_t>(kMaxPasswd));
}

}  // namespace

ProcessList list_processes(const ListRequest& request) {
  ProcessList list;
  std::vector<int> pids = request.groups.empty() ? descendants(request.init) : members(request.groups);
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  for (const int pid : pids) {
    UniqueFd process = open_process(pid);
    if (!process) continue;
    // Looked at through the handle: a number that went to another process meanwhile is found out here.
    if (!request.groups.empty() && !is_in_group(process.get(), request.id)) continue;
    ProcessRecord record{pid, read_at(process.get(), "stat"), read_at(process.get(), "status"),
                         read_at(process.get(), "cmdline", kMaxArguments)};
    if (record.stat.empty() || record.status.empty()) continue;
    if (pid == request.init) list.uid_map = read_at(process.get(), "uid_map");
    if (list.passwd.empty()) list.passwd = read_passwd(process.get());
    list.processes.push_back(std::move(record));
  }
  return list;
}

std::vector<std::string> read_all(const std::vector<int>& fds) {
  std::vector<std::string> texts;
  texts.reserve(fds.size());
  for (const int fd : fds) texts.push_back(fd < 0 ? std::string() : read_from_start(fd, kMaxFile));
  return texts;
}

}  // namespace containerv
