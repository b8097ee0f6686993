#include "json.h"

#include <cmath>
#include <cstdlib>

namespace fake {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool whole(Json* value) {
    if (!any(value, 0)) return false;
    space();
    return at_ == text_.size();
  }

 private:
  static constexpr int kMaxDepth = 64;

  bool any(Json* value, int depth) {
    if (depth > kMaxDepth) return false;
    space();
    if (at_ == text_.size()) return false;
    switch (text_[at_]) {
      case '{':
        return object(value, depth);
      case '[':
        return array(value, depth);
      case '"':
        value->kind = Json::Kind::kString;
        return string(&value->text);
      case 't':
        value->kind = Json::Kind::kBoolean;
        value->boolean = true;
        return word("true");
      case 'f':
        value->kind = Json::Kind::kBoolean;
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(value);
    }
  }

  bool object(Json* value, int depth) {
    value->kind = Json::Kind::kObject;
    at_++;
    if (take('}')) return true;
    do {
      space();
      std::string name;
      if (!string(&name) || !take(':')) return false;
      // A member that is there twice is a mistake of whoever wrote it.
      if (value->members.contains(name)) return false;
      if (!any(&value->members[name], depth + 1)) return false;
    } while (take(','));
    return take('}');
  }

  bool array(Json* value, int depth) {
    value->kind = Json::Kind::kArray;
    at_++;
    if (take(']')) return true;
    do {
      if (!any(&value->items.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  bool string(std::string* out) {
    if (at_ >= text_.size() || text_[at_] != '"') return false;
    for (at_++; at_ < text_.size(); at_++) {
      const char c = text_[at_];
      if (c == '"') {
        at_++;
        return true;
      }
      if (c != '\\') {
        out->push_back(c);
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string* out) {
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (++at_ >= text_.size()) return false;
    if (text_[at_] != 'u') {
      const auto which = kFrom.find(text_[at_]);
      if (which == std::string_view::npos) return false;
      out->push_back(kTo[which]);
      return true;
    }
    if (at_ + 4 >= text_.size()) return false;
    const auto unit = std::strtoul(std::string(text_.substr(at_ + 1, 4)).c_str(), nullptr, 16);
    at_ += 4;
    // Only what JSON.stringify escapes: control characters.
    if (unit > 0x7f) return false;
    out->push_back(static_cast<char>(unit));
    return true;
  }

  bool number(Json* value) {
    const std::string rest(text_.substr(at_, 32));
    char* end = nullptr;
    value->kind = Json::Kind::kNumber;
    value->number = std::strtod(rest.c_str(), &end);
    at_ += static_cast<size_t>(end - rest.c_str());
    return end != rest.c_str();
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }

  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) at_++;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto found = members.find(std::string(name));
  return found == members.end() ? nullptr : &found->second;
}

std::string Json::text_of(std::string_view name) const {
  const Json* member = find(name);
  return member != nullptr && member->kind == Kind::kString ? member->text : "";
}

double Json::number_of(std::string_view name, double otherwise) const {
  const Json* member = find(name);
  return member != nullptr && member->kind == Kind::kNumber ? member->number : otherwise;
}

bool Json::is(std::string_view name) const {
  const Json* member = find(name);
  return member != nullptr && member->boolean;
}

bool Json::is_integer() const { return kind == Kind::kNumber && std::floor(number) == number; }

bool parse_json(std::string_view text, Json* value) { return Parser(text).whole(value); }

std::string quote_json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kDigits[static_cast<unsigned char>(c) >> 4];
      quoted += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace fake
