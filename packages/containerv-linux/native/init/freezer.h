#pragma once

#include "../common/unique_fd.h"

namespace containerv {

// The control group of everything in the container but process 1, while it stands still. Process 1
// can let it go by itself, so that a container whose owner dies while it is paused ends all the same:
// on v1, what is frozen does not die.
class Freezer {
 public:
  // `word` is what `file`, open for writing, takes to let processes go on.
  void hold(UniqueFd file, const char* word);
  void release() { file_.reset(); }
  void thaw();
  [[nodiscard]] bool holds() const { return static_cast<bool>(file_); }

 private:
  UniqueFd file_;
  char word_[16] = {};
};

}  // namespace containerv
