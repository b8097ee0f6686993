#include "observed_task.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <cstring>

#include "../common/kernel.h"

namespace containerv {
namespace {

using Kind = ObservedPath::Kind;

std::string read_link(int directory, const char* name) {
  char text[PATH_MAX];
  const ssize_t size = readlinkat(directory, name, text, sizeof text);
  // The kernel cuts what does not fit.
  if (size <= 0 || size == static_cast<ssize_t>(sizeof text) || text[0] != '/') return "";
  return {text, static_cast<size_t>(size)};
}

// The path of what a descriptor of ours is open on. Nothing for what has no name any more.
ObservedPath describe(const UniqueFd& fd) {
  struct stat about;
  if (!fd || fstat(fd.get(), &about) != 0 || about.st_nlink == 0) return {};
  if (S_ISLNK(about.st_mode)) return {};
  std::string text = read_link(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd.get())).c_str());
  if (text.empty()) return {};
  return {S_ISDIR(about.st_mode) ? Kind::kDirectory : Kind::kFile, std::move(text)};
}

// Not resolvable from outside: `self` is somebody else there, and links of it lead past every root. Policies treat
// /proc as one anyway.
bool in_proc(const std::string& path) { return path == "/proc" || path.starts_with("/proc/"); }

// "/a/b/" and "/a/b/." -> "/a", "b"
void split(std::string path, std::string& parent, std::string& name) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const size_t slash = path.find_last_of('/');
  parent = slash == 0 ? "/" : path.substr(0, slash);
  name = path.substr(slash + 1);
}

}  // namespace

bool ObservedTask::open() {
  const std::string directory = "/proc/" + std::to_string(thread_);
  proc_.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!proc_) return false;
  memory_.reset(openat(proc_.get(), "mem", O_RDONLY | O_CLOEXEC));
  root_.reset(openat(proc_.get(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return memory_ && root_;
}

bool ObservedTask::read_memory(uint64_t address, void* into, size_t size) const {
  return address <= INT64_MAX && pread64(memory_.get(), into, size, static_cast<off64_t>(address)) == static_cast<ssize_t>(size);
}

bool ObservedTask::read_path(uint64_t address, std::string& path) const {
  if (address == 0 || address > INT64_MAX) return false;
  char text[PATH_MAX];
  // A path at the end of a mapping is read as far as that goes.
  const ssize_t got = pread64(memory_.get(), text, sizeof text, static_cast<off64_t>(address));
  if (got <= 0) return false;
  const size_t size = strnlen(text, static_cast<size_t>(got));
  if (size == static_cast<size_t>(got)) return false;
  path.assign(text, size);
  return true;
}

std::string ObservedTask::link(const std::string& name) const { return read_link(proc_.get(), name.c_str()); }

bool ObservedTask::absolute(int directory, const std::string& path, std::string& result) const {
  if (path.starts_with('/')) {
    result = path;
    return true;
  }
  const std::string base = link(directory == AT_FDCWD ? "cwd" : "fd/" + std::to_string(directory));
  if (base.empty()) return false;
  result = base + "/" + path;
  return true;
}

UniqueFd ObservedTask::open_inside(const std::string& path, bool follow) const {
  const uint64_t flags = O_PATH | (follow ? 0 : O_NOFOLLOW);
  return UniqueFd(kernel::openat2(root_.get(), path.c_str(), flags, kernel::kResolveInRoot));
}

ObservedPath ObservedTask::resolve(int directory, const std::string& path, bool follow) const {
  std::string name;
  if (path.empty() || !absolute(directory, path, name)) return {};
  if (in_proc(name)) return {Kind::kDirectory, "/proc"};
  if (const UniqueFd found = open_inside(name, follow)) return describe(found);
  if (errno != ENOENT) return {};
  ObservedPath parent = parent_of(directory, path);
  if (parent.kind == Kind::kDirectory) parent.kind = Kind::kParent;
  return parent;
}

ObservedPath ObservedTask::parent_of(int directory, const std::string& path) const {
  std::string whole, parent, name;
  if (path.empty() || !absolute(directory, path, whole)) return {};
  if (in_proc(whole)) return {};
  split(whole, parent, name);
  if (name.empty() || name == "." || name == "..") return {};
  return describe(open_inside(parent, true));
}

ObservedPath ObservedTask::of_descriptor(int descriptor) const {
  const std::string name = "fd/" + std::to_string(descriptor);
  // Only what has a path in a file tree: pipes, sockets and memory have not.
  if (link(name).empty()) return {};
  return describe(UniqueFd(openat(proc_.get(), name.c_str(), O_PATH | O_CLOEXEC)));
}

std::string ObservedTask::interpreter_of(const std::string& program) const {
  const UniqueFd named = open_inside(program, true);
  struct stat about;
  if (!named || fstat(named.get(), &about) != 0 || !S_ISREG(about.st_mode)) return "";
  const std::string self = "/proc/self/fd/" + std::to_string(named.get());
  const UniqueFd file(::open(self.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  char head[4096];
  const ssize_t got = file ? pread(file.get(), head, sizeof head - 1, 0) : -1;
  if (got < 4) return "";
  head[got] = 0;
  if (head[0] == '#' && head[1] == '!') {
    const char* name = head + 2 + strspn(head + 2, " \t");
    const std::string interpreter(name, strcspn(name, " \t\r\n"));
    return interpreter.starts_with('/') ? interpreter : "";
  }
  Elf64_Ehdr header;
  if (static_cast<size_t>(got) < sizeof header || memcmp(head, ELFMAG, SELFMAG) != 0) return "";
  memcpy(&header, head, sizeof header);
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return "";
  for (unsigned i = 0; i < header.e_phnum && i < 64; ++i) {
    Elf64_Phdr part;
    if (pread64(file.get(), &part, sizeof part, static_cast<off64_t>(header.e_phoff + i * sizeof part)) != sizeof part)
      return "";
    if (part.p_type != PT_INTERP || part.p_filesz < 2 || part.p_filesz > PATH_MAX) continue;
    std::string loader(part.p_filesz, 0);
    if (pread64(file.get(), loader.data(), loader.size(), static_cast<off64_t>(part.p_offset)) !=
        static_cast<ssize_t>(loader.size()))
      return "";
    loader.resize(strnlen(loader.c_str(), loader.size()));
    return loader.starts_with('/') ? loader : "";
  }
  return "";
}

pid_t ObservedTask::process() const {
  const UniqueFd status(openat(proc_.get(), "status", O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t got = status ? read(status.get(), text, sizeof text - 1) : -1;
  if (got <= 0) return -1;
  text[got] = 0;
  const char* line = strstr(text, "\nTgid:");
  return line ? static_cast<pid_t>(strtol(line + 6, nullptr, 10)) : -1;
}

}  // namespace containerv
