#pragma once

#include <span>
#include <string>
#include <vector>

#include "graveyard.h"

namespace containerv {

// Many small file system calls in one turn on a pool thread. One turn each would cost more than the
// calls themselves: a create makes some thirty.
struct FileStep {
  enum class Kind { kMkdir, kEnsureDirectory, kWrite, kReplace, kRead, kOpen, kLock, kRmdir, kRemoveTree, kRemoveClaim, kDirectory, kAwaitExit, kPublish, kOpaqueMarks };
  Kind kind;
  std::string path;
  std::string text;       // kWrite, kReplace; kAwaitExit: the container's id; kPublish: where it goes
  unsigned mode = 0;      // kMkdir, kEnsureDirectory
  bool optional = false;  // a failure is reported and the rest goes on
};

struct FileResult {
  bool done = false;  // false and no error: not reached
  std::string text;   // kRead
  int fd = -1;        // kOpen, kLock: the receiver's
  std::string syscall;
  int error = 0;
};

// False when one that is not optional failed: those after it are not run.
bool run_file_steps(std::span<const FileStep> steps, std::span<FileResult> results, Graveyard& graveyard);
std::vector<FileResult> run_file_steps(const std::vector<FileStep>& steps, Graveyard& graveyard);

}  // namespace containerv
