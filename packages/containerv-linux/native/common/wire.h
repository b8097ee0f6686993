#pragma once

#include <stdint.h>
#include <string.h>

#include <span>
#include <string_view>

namespace containerv {

// Reads the fields of one message. Any read past the end, or a string with a NUL byte where a C
// string is asked for, makes the reader fail for good; check ok() once, after the last field.
class WireReader {
 public:
  explicit WireReader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }

  uint32_t u32() { return number<uint32_t>(); }
  uint64_t u64() { return number<uint64_t>(); }
  int32_t i32() { return static_cast<int32_t>(u32()); }

  std::span<const uint8_t> bytes() {
    const uint32_t size = u32();
    if (!ok_ || size > rest_.size()) return fail(), std::span<const uint8_t>{};
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  // Strings are sent with their terminating NUL, so they are used in place; none may hold another.
  const char* text() {
    const auto taken = bytes();
    if (!ok_ || taken.empty() || memchr(taken.data(), 0, taken.size()) != taken.data() + taken.size() - 1) {
      fail();
      return "";
    }
    return reinterpret_cast<const char*>(taken.data());
  }

  // A list's count, bounded by what the rest of the message could hold.
  uint32_t count(size_t smallest_item = 4) {
    const uint32_t items = u32();
    if (!ok_ || items > rest_.size() / smallest_item) return fail(), 0;
    return items;
  }

  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  template <typename T>
  T number() {
    T value{};
    if (rest_.size() < sizeof value) return fail(), T{};
    memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return value;
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

// Builds one message in a fixed buffer; text that does not fit is cut, never overflows.
class WireWriter {
 public:
  WireWriter(uint32_t type, uint32_t request) {
    u32(type);
    u32(request);
  }
  void u32(uint32_t value) { append(&value, sizeof value); }
  void u64(uint64_t value) { append(&value, sizeof value); }
  void text(std::string_view value) {
    const size_t room = sizeof buffer_ - size_;
    const size_t kept = room < 5 ? 0 : value.size() < room - 5 ? value.size() : room - 5;
    u32(static_cast<uint32_t>(kept + 1));
    append(value.data(), kept);
    append("", 1);
  }
  [[nodiscard]] std::span<const uint8_t> message() const { return {buffer_, size_}; }

 private:
  void append(const void* data, size_t size) {
    if (size > sizeof buffer_ - size_) return;
    memcpy(buffer_ + size_, data, size);
    size_ += size;
  }
  uint8_t buffer_[4096];
  size_t size_ = 0;
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire format is the host's byte order");

}  // namespace containerv
