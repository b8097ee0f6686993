#include "schema.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <regex>

namespace fake {
namespace {

const Json& load(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, Json> loaded;
  const std::lock_guard lock(mutex);
  const auto [at, fresh] = loaded.try_emplace(name);
  if (fresh) {
    const bool network = name.rfind("hns-", 0) == 0 || name.rfind("hcn-", 0) == 0;
    const char* directory = std::getenv(network ? "FAKE_HNS_SCHEMAS" : "FAKE_HCS_SCHEMAS");
    std::ifstream file(std::string(directory == nullptr ? "." : directory) + "\\" + name + ".json", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!parse_json(text, &at->second)) std::abort();
  }
  return at->second;
}

std::string kind_name(const Json& value) {
  switch (value.kind) {
    case Json::Kind::kNull:
      return "null";
    case Json::Kind::kBoolean:
      return "boolean";
    case Json::Kind::kNumber:
      return value.is_integer() ? "integer" : "number";
    case Json::Kind::kString:
      return "string";
    case Json::Kind::kArray:
      return "array";
    case Json::Kind::kObject:
      return "object";
  }
  return "";
}

bool equal(const Json& a, const Json& b) {
  return a.kind == b.kind && a.text == b.text && a.number == b.number && a.boolean == b.boolean;
}

class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}

  std::string check(const Json& schema, const Json& value, const std::string& where) const {
    if (const Json* reference = schema.find("$ref")) return check(resolve(reference->text), value, where);
    if (const std::string type = schema.text_of("type"); !type.empty() && type != kind_name(value)) {
      return where + ": expected " + type + ", got " + kind_name(value);
    }
    if (const Json* list = schema.find("enum")) {
      bool found = false;
      for (const Json& allowed : list->items) found = found || equal(allowed, value);
      if (!found) return where + ": not one of the values that are allowed";
    }
    switch (value.kind) {
      case Json::Kind::kNumber:
        return check_number(schema, value, where);
      case Json::Kind::kString:
        return check_string(schema, value, where);
      case Json::Kind::kArray:
        return check_array(schema, value, where);
      case Json::Kind::kObject:
        return check_object(schema, value, where);
      default:
        return "";
    }
  }

 private:
  // "#/$defs/Name", which is all that the schemas use.
  const Json& resolve(const std::string& reference) const {
    const Json* definitions = root_.find("$defs");
    const Json* found = definitions == nullptr ? nullptr : definitions->find(reference.substr(reference.rfind('/') + 1));
    if (found == nullptr) std::abort();
    return *found;
  }

  static std::string check_number(const Json& schema, const Json& value, const std::string& where) {
    if (value.number < schema.number_of("minimum", -INFINITY)) return where + ": too small";
    if (value.number > schema.number_of("maximum", INFINITY)) return where + ": too large";
    if (std::fmod(value.number, schema.number_of("multipleOf", 1)) != 0) return where + ": not a multiple";
    return "";
  }

  static std::string check_string(const Json& schema, const Json& value, const std::string& where) {
    if (value.text.size() < schema.number_of("minLength", 0)) return where + ": too short";
    const std::string pattern = schema.text_of("pattern");
    if (!pattern.empty() && !std::regex_search(value.text, std::regex(pattern))) {
      return where + ": '" + value.text + "' does not match " + pattern;
    }
    return "";
  }

  std::string check_array(const Json& schema, const Json& value, const std::string& where) const {
    const double size = static_cast<double>(value.items.size());
    if (size < schema.number_of("minItems", 0) || size > schema.number_of("maxItems", INFINITY)) {
      return where + ": wrong number of items";
    }
    const Json* items = schema.find("items");
    for (size_t i = 0; items != nullptr && i < value.items.size(); i++) {
      if (auto error = check(*items, value.items[i], where + "/" + std::to_string(i)); !error.empty()) return error;
    }
    return "";
  }

  std::string check_object(const Json& schema, const Json& value, const std::string& where) const {
    const Json* properties = schema.find("properties");
    const Json* others = schema.find("additionalProperties");
    for (const auto& [name, member] : value.members) {
      const Json* known = properties == nullptr ? nullptr : properties->find(name);
      if (known == nullptr && others != nullptr) {
        if (others->kind == Json::Kind::kBoolean && !others->boolean) return where + ": unknown member " + name;
        known = others->kind == Json::Kind::kObject ? others : nullptr;
      }
      if (known == nullptr) continue;
      if (auto error = check(*known, member, where + "/" + name); !error.empty()) return error;
    }
    if (const Json* required = schema.find("required")) {
      for (const Json& name : required->items) {
        if (value.find(name.text) == nullptr) return where + ": lacks " + name.text;
      }
    }
    if (const Json* names = schema.find("x-at-most-one"); names != nullptr && count(*names, value) > 1) {
      return where + ": members that exclude each other";
    }
    if (const Json* names = schema.find("x-exactly-one"); names != nullptr && count(*names, value) != 1) {
      return where + ": needs exactly one of several members";
    }
    return "";
  }

  static int count(const Json& names, const Json& value) {
    int found = 0;
    for (const Json& name : names.items) found += value.find(name.text) == nullptr ? 0 : 1;
    return found;
  }

  const Json& root_;
};

}  // namespace

std::string schema_error(const std::string& schema, const Json& document) {
  const Json& root = load(schema);
  return Validator(root).check(root, document, "");
}

}  // namespace fake
