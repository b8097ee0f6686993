#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace containerv {

// JSON, as much as documents of the Host Compute Service need. Members keep their order, numbers their digits.
struct Json {
  enum class Kind { kNull, kBoolean, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::wstring text;  // of a string, or the digits of a number
  std::vector<Json> items;
  std::vector<std::pair<std::wstring, Json>> members;

  static Json string(std::wstring_view value);
  static Json number(unsigned long value);
  static Json truth(bool value);
  static Json array();
  static Json object();

  // nullptr when there is none, or this is no object.
  [[nodiscard]] const Json* find(std::wstring_view name) const;
  // nullptr when there is none, or it is no string.
  [[nodiscard]] const std::wstring* text_at(std::wstring_view name) const;
  [[nodiscard]] bool is(std::wstring_view name) const;
  // A whole number within 32 bits, signed or not.
  [[nodiscard]] std::optional<unsigned> bits_at(std::wstring_view name) const;
  // Replaces it where there is one.
  void set(std::wstring_view name, Json value);
  void remove(std::wstring_view name);

  // Nothing for anything but one complete value.
  static std::optional<Json> parse(std::wstring_view text);
  [[nodiscard]] std::wstring write() const;
};

}  // namespace containerv
