#pragma once

#include <stdint.h>
#include <string.h>

#include <span>
#include <string_view>

#include "../wire.h"
#include "entry.h"

namespace containerv::transfer {

// Builds a datagram that WireReader (wire.h) reads. What does not fit makes it fail for good.
class Packer {
 public:
  static constexpr size_t kCapacity = 128 * 1024;

  void clear() { size_ = 0, ok_ = true; }
  void u32(uint32_t value) { append(&value, sizeof value); }
  void u64(uint64_t value) { append(&value, sizeof value); }
  void bytes(std::span<const uint8_t> value) {
    u32(static_cast<uint32_t>(value.size()));
    append(value.data(), value.size());
  }
  void text(std::string_view value) {
    u32(static_cast<uint32_t>(value.size() + 1));
    append(value.data(), value.size());
    append("", 1);
  }
  void metadata(const Metadata& data) {
    u32(data.mode), u32(data.uid), u32(data.gid), u64(data.size);
    u64(static_cast<uint64_t>(data.accessed_s)), u32(data.accessed_ns);
    u64(static_cast<uint64_t>(data.modified_s)), u32(data.modified_ns);
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] std::span<const uint8_t> packed() const { return {buffer_, size_}; }

 private:
  void append(const void* data, size_t size) {
    if (size > kCapacity - size_) ok_ = false;
    if (!ok_ || size == 0) return;
    memcpy(buffer_ + size_, data, size);
    size_ += size;
  }

  size_t size_ = 0;
  bool ok_ = true;
  uint8_t buffer_[kCapacity];
};

inline Metadata read_metadata(WireReader& reader) {
  Metadata data;
  data.mode = reader.u32();
  data.uid = reader.u32();
  data.gid = reader.u32();
  data.size = reader.u64();
  data.accessed_s = static_cast<int64_t>(reader.u64());
  data.accessed_ns = reader.u32();
  data.modified_s = static_cast<int64_t>(reader.u64());
  data.modified_ns = reader.u32();
  return data;
}

}  // namespace containerv::transfer
