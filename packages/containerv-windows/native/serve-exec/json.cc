#include "json.h"

namespace containerv {
namespace {

constexpr int kMaxDepth = 64;

class Parser {
 public:
  explicit Parser(std::wstring_view text) : text_(text) {}

  bool whole(Json& value) {
    if (!read(value, 0)) return false;
    skip_space();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] wchar_t peek() const { return at_ < text_.size() ? text_[at_] : L'\0'; }

  bool take(wchar_t expected) {
    skip_space();
    if (peek() != expected || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (peek() == L' ' || peek() == L'\t' || peek() == L'\n' || peek() == L'\r') ++at_;
  }

  bool word(std::wstring_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool read(Json& value, int depth) {
    skip_space();
    switch (peek()) {
      case L'{':
        return depth < kMaxDepth && object(value, depth);
      case L'[':
        return depth < kMaxDepth && array(value, depth);
      case L'"':
        value.kind = Json::Kind::kString;
        return string(value.text);
      case L't':
      case L'f':
        value = Json::truth(peek() == L't');
        return word(value.boolean ? L"true" : L"false");
      case L'n':
        return word(L"null");
      default:
        value.kind = Json::Kind::kNumber;
        return number(value.text);
    }
  }

  bool object(Json& value, int depth) {
    value.kind = Json::Kind::kObject;
    ++at_;
    if (take(L'}')) return true;
    do {
      skip_space();
      auto& [name, member] = value.members.emplace_back();
      if (peek() != L'"' || !string(name) || !take(L':') || !read(member, depth + 1)) return false;
    } while (take(L','));
    return take(L'}');
  }

  bool array(Json& value, int depth) {
    value.kind = Json::Kind::kArray;
    ++at_;
    if (take(L']')) return true;
    do {
      if (!read(value.items.emplace_back(), depth + 1)) return false;
    } while (take(L','));
    return take(L']');
  }

  bool digits() {
    const size_t start = at_;
    while (peek() >= L'0' && peek() <= L'9') ++at_;
    return at_ > start;
  }

  bool number(std::wstring& text) {
    const size_t start = at_;
    if (peek() == L'-') ++at_;
    if (!digits()) return false;
    if (peek() == L'.' && (++at_, !digits())) return false;
    if (peek() == L'e' || peek() == L'E') {
      ++at_;
      if (peek() == L'+' || peek() == L'-') ++at_;
      if (!digits()) return false;
    }
    text = text_.substr(start, at_ - start);
    return true;
  }

  bool string(std::wstring& text) {
    for (++at_; at_ < text_.size(); ++at_) {
      const wchar_t unit = text_[at_];
      if (unit == L'"') return ++at_, true;
      if (unit < 0x20) return false;
      if (unit != L'\\')
        text += unit;
      else if (!escape(text))
        return false;
    }
    return false;
  }

  bool escape(std::wstring& text) {
    ++at_;
    static constexpr std::wstring_view kFrom = L"\"\\/bfnrt";
    static constexpr std::wstring_view kTo = L"\"\\/\b\f\n\r\t";
    if (const size_t which = kFrom.find(peek()); which != kFrom.npos && at_ < text_.size())
      return text += kTo[which], true;
    if (peek() != L'u' || text_.size() - at_ < 5) return false;
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      const wchar_t digit = text_[++at_];
      const int value = digit >= L'0' && digit <= L'9'   ? digit - L'0'
                        : digit >= L'a' && digit <= L'f' ? digit - L'a' + 10
                        : digit >= L'A' && digit <= L'F' ? digit - L'A' + 10
                                                         : -1;
      if (value < 0) return false;
      code = code << 4 | static_cast<unsigned>(value);
    }
    text += static_cast<wchar_t>(code);
    return true;
  }

  std::wstring_view text_;
  size_t at_ = 0;
};

void write_hexadecimal(std::wstring& out, wchar_t unit) {
  out += L"\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += L"0123456789abcdef"[unit >> shift & 0xF];
}

void write_string(std::wstring& out, const std::wstring& text) {
  out += L'"';
  for (size_t i = 0; i < text.size(); ++i) {
    const wchar_t unit = text[i];
    const bool high = unit >= 0xD800 && unit < 0xDC00;
    if (unit == L'"' || unit == L'\\') {
      (out += L'\\') += unit;
    } else if (high && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000) {
      (out += unit) += text[++i];
    } else if (unit < 0x20 || (unit >= 0xD800 && unit < 0xE000)) {
      // As JSON.stringify() does: half a character is no text that the service's parser would take.
      write_hexadecimal(out, unit);
    } else {
      out += unit;
    }
  }
  out += L'"';
}

void write_value(std::wstring& out, const Json& value) {
  switch (value.kind) {
    case Json::Kind::kNull:
      out += L"null";
      return;
    case Json::Kind::kBoolean:
      out += value.boolean ? L"true" : L"false";
      return;
    case Json::Kind::kNumber:
      out += value.text;
      return;
    case Json::Kind::kString:
      return write_string(out, value.text);
    case Json::Kind::kArray:
      out += L'[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += L',';
        write_value(out, value.items[i]);
      }
      out += L']';
      return;
    case Json::Kind::kObject:
      out += L'{';
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out += L',';
        write_string(out, value.members[i].first);
        out += L':';
        write_value(out, value.members[i].second);
      }
      out += L'}';
  }
}

}  // namespace

Json Json::string(std::wstring_view value) {
  Json json;
  json.kind = Kind::kString;
  json.text = value;
  return json;
}

Json Json::number(unsigned long value) {
  Json json;
  json.kind = Kind::kNumber;
  json.text = std::to_wstring(value);
  return json;
}

Json Json::truth(bool value) {
  Json json;
  json.kind = Kind::kBoolean;
  json.boolean = value;
  return json;
}

Json Json::array() {
  Json json;
  json.kind = Kind::kArray;
  return json;
}

Json Json::object() {
  Json json;
  json.kind = Kind::kObject;
  return json;
}

const Json* Json::find(std::wstring_view name) const {
  for (const auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

const std::wstring* Json::text_at(std::wstring_view name) const {
  const Json* value = find(name);
  return value && value->kind == Kind::kString ? &value->text : nullptr;
}

bool Json::is(std::wstring_view name) const {
  const Json* value = find(name);
  return value && value->kind == Kind::kBoolean && value->boolean;
}

std::optional<unsigned> Json::bits_at(std::wstring_view name) const {
  const Json* value = find(name);
  if (!value || value->kind != Kind::kNumber || value->text.size() > 11) return {};
  const bool negative = value->text[0] == L'-';
  long long number = 0;
  for (const wchar_t digit : std::wstring_view(value->text).substr(negative ? 1 : 0)) {
    if (digit < L'0' || digit > L'9') return {};
    number = number * 10 + (digit - L'0');
  }
  if (number > (negative ? 0x80000000LL : 0xFFFFFFFFLL)) return {};
  return static_cast<unsigned>(negative ? -number : number);
}

void Json::set(std::wstring_view name, Json value) {
  for (auto& [key, old] : members)
    if (key == name) return static_cast<void>(old = std::move(value));
  members.emplace_back(name, std::move(value));
}

void Json::remove(std::wstring_view name) {
  std::erase_if(members, [&](const auto& member) { return member.first == name; });
}

std::optional<Json> Json::parse(std::wstring_view text) {
  Json value;
  if (!Parser(text).whole(value)) return {};
  return value;
}

std::wstring Json::write() const {
  std::wstring out;
  write_value(out, *this);
  return out;
}

}  // namespace containerv
