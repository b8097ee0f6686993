#include "layer_owners.h"

namespace containerv {

void LayerOwners::Map::decode(WireReader& reader) {
  const uint32_t count = reader.count(12);
  if (count > kMaxRanges) reader.fail();
  for (size = 0; size < count && reader.ok(); ++size) {
    const uint32_t inside = reader.u32();
    const uint32_t outside = reader.u32();
    ranges[size] = {inside, outside, reader.u32()};
  }
}

uint32_t LayerOwners::Map::inside(uint32_t id) const {
  for (const auto& range : std::span(ranges, size))
    if (id >= range.outside && id - range.outside < range.count) return range.inside + (id - range.outside);
  return id;
}

void LayerOwners::decode(WireReader& reader) {
  users_.decode(reader);
  groups_.decode(reader);
}

void LayerOwners::translate(struct stat& about) const {
  about.st_uid = users_.inside(about.st_uid);
  about.st_gid = groups_.inside(about.st_gid);
}

}  // namespace containerv
