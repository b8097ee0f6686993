// JSON as far as HCS speaks it: documents are read whole, and answers are written by hand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fake {

struct Json {
  enum class Kind { kNull, kBoolean, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Json> items;
  std::map<std::string, Json> members;

  // nullptr when there is no such member, or this is no object.
  const Json* find(std::string_view name) const;
  // Empty when it is missing or no string.
  std::string text_of(std::string_view name) const;
  // `otherwise` when it is missing or no number.
  double number_of(std::string_view name, double otherwise) const;
  bool is(std::string_view name) const;
  bool is_integer() const;
};

// False for anything but one complete value.
bool parse_json(std::string_view text, Json* value);
// With its quotes.
std::string quote_json(std::string_view text);

}  // namespace fake
