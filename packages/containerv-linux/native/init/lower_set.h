#pragma once

#include <sys/stat.h>

#include <span>

#include "../common/unique_fd.h"

namespace containerv {

// The directories of the lower layers that together are one directory of an overlay, topmost first.
class LowerSet {
 public:
  LowerSet() = default;
  LowerSet(const LowerSet&) = delete;
  LowerSet& operator=(const LowerSet&) = delete;
  ~LowerSet() { delete[] fds_; }

  // Copies of descriptors. False: out of memory or descriptors.
  bool copy(std::span<UniqueFd> directories);

  struct Found {
    bool exists = false;
    struct stat about {};  // the topmost one's
  };
  // What an overlay of these shows by that name, as overlayfs would look it up; when that is a directory, `below` becomes
  // the directories that it is made of. False: it could not be looked up, errno says why.
  bool look_up(const char* name, Found& found, LowerSet& below) const;


  [[nodiscard]] std::span<const UniqueFd> directories() const { return {fds_, count_}; }

 private:
  bool allocate(size_t count);

  UniqueFd* fds_ = nullptr;
  size_t count_ = 0;
};

}  // namespace containerv
