#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "../common/unique_fd.h"

namespace containerv {

// What a path of the task turned out to be, as its mount namespace sees it, without symbolic links.
struct ObservedPath {
  enum class Kind : uint32_t { kNothing, kFile, kDirectory, kParent };
  // kParent: nothing has that name, `text` is the directory it would be in.
  Kind kind = Kind::kNothing;
  std::string text;
};

// A thread that waits in a system call, looked at from outside, by its id in our pid namespace. What is
// opened here stays that thread's even if the id is used again, so: open(), then ask the kernel whether
// the call is still waiting, then use the rest.
//
// Another thread of it may change memory, directory and descriptors meanwhile: what is read here is what
// the call was probably about, good for a record and never for a decision (seccomp_unotify(2)).
class ObservedTask {
 public:
  explicit ObservedTask(pid_t thread) : thread_(thread) {}

  // False when it is gone or may not be looked at.
  bool open();
  bool read_memory(uint64_t address, void* into, size_t size) const;
  // A path from its memory; false when there is none.
  bool read_path(uint64_t address, std::string& path) const;

  // `directory` is a descriptor of the task, or AT_FDCWD.
  [[nodiscard]] ObservedPath resolve(int directory, const std::string& path, bool follow) const;
  // The directory that the last component of a path is in.
  [[nodiscard]] ObservedPath parent_of(int directory, const std::string& path) const;
  [[nodiscard]] ObservedPath of_descriptor(int descriptor) const;
  // What executing `program` also executes: interpreter of a script, loader of a dynamic program; or "".
  [[nodiscard]] std::string interpreter_of(const std::string& program) const;
  // Its process's id in our pid namespace, or -1.
  [[nodiscard]] pid_t process() const;

 private:
  [[nodiscard]] bool absolute(int directory, const std::string& path, std::string& result) const;
  [[nodiscard]] UniqueFd open_inside(const std::string& path, bool follow) const;
  [[nodiscard]] std::string link(const std::string& name) const;

  pid_t thread_;
  UniqueFd proc_, memory_, root_;
};

}  // namespace containerv
