#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include <span>

#include "../common/wire.h"

namespace containerv {

// The ids that files of a layer are to have, for those that they have on the host. What a container writes to memory
// belongs to its own range of the host's ids, while layers have the ids inside (`enforced.ids.mappedMounts`).
class LayerOwners {
 public:
  // [inside, outside, count] of users, then of groups; both empty: every id stays as it is.
  void decode(WireReader& reader);
  // Ids that the container has not are left as they are.
  void translate(struct stat& about) const;

 private:
  static constexpr size_t kMaxRanges = 340;  // of user_namespaces(7)
  struct Range {
    uint32_t inside, outside, count;
  };
  struct Map {
    Range ranges[kMaxRanges];
    size_t size = 0;
    void decode(WireReader& reader);
    [[nodiscard]] uint32_t inside(uint32_t id) const;
  };

  Map users_, groups_;
};

}  // namespace containerv
