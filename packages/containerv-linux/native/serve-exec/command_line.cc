#include "command_line.h"

#include <string.h>

#include <initializer_list>

#include "help.h"
#include "line.h"
#include "runtime.h"

namespace containerv {
namespace {

constexpr char kUsage[] = ". Usage: serve-exec --container ID --path PATH --wdir DIR [--] [ARG...]";
constexpr size_t kMaxPath = 4096;
// What a Node timer can hold, as parseDuration() has it.
constexpr int64_t kMaxDurationMs = 2147483647;

bool refuse(const Line& line, int& status) { return status = complain(line), false; }

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_name_character(char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// checkContainerId() of containerv-api.
bool is_id(const char* text) {
  size_t size = 0;
  for (; text[size]; ++size)
    if (size == 63 || !(size == 0 ? is_letter_or_digit(text[size]) : is_name_character(text[size]))) return false;
  return size > 0;
}

// The user or the group: resolveUser() of containerv-api.
const char* skip_name(const char* text) {
  if (!is_letter_or_digit(*text) && *text != '_') return nullptr;
  while (is_name_character(*text)) ++text;
  return *text == '$' ? text + 1 : text;
}

bool is_user(const char* text) {
  const char* rest = skip_name(text);
  if (rest && *rest == ':') rest = skip_name(rest + 1);
  return rest && *rest == 0 && strlen(text) < 256;
}

bool has_control_character(const char* text) {
  for (; *text; ++text)
    if (static_cast<unsigned char>(*text) < 0x20 || *text == 0x7f) return true;
  return false;
}

}  // namespace

bool read_duration(const char* text, int64_t& ms) {
  constexpr int64_t kNano = 1000000;
  int64_t whole = 0, fraction = 0, place = kNano;
  if (!is_digit(*text)) return false;
  for (; is_digit(*text); ++text)
    if ((whole = whole * 10 + (*text - '0')) > kMaxDurationMs) return false;
  if (*text == '.') {
    if (!is_digit(*++text)) return false;
    for (; is_digit(*text); ++text)
      if (place > 1) fraction += (*text - '0') * (place /= 10);
  }
  const int64_t unit = same(text, "ms") ? 1 : same(text, "s") ? 1000 : same(text, "m") ? 60000 : same(text, "h") ? 3600000 : 0;
  if (unit == 0) return false;
  ms = whole * unit + (fraction * unit + kNano - 1) / kNano;
  return ms <= kMaxDurationMs;
}

bool CommandLine::take(const char* option, const char* value, int& status) {
  if (same(option, "env")) {
    const char* equals = value;
    while (*equals && *equals != '=') ++equals;
    if (equals == value) return refuse(Line().add("--env ").add(value).add(" has no name. Write --env NAME=VALUE."), status);
    if (!*equals && starts_with(value, "LD_")) {
      Line line;
      line.add("--env ").add(value).add(" would hand on what steers the host's own dynamic loader. Write --env ");
      return refuse(line.add(value).add("=VALUE to set it for the command."), status);
    }
    if (variable_count == kMaxVariables) return refuse(Line().add("--env is given too often. Leave some out."), status);
    variables[variable_count++] = value;
    return true;
  }
  const char** target = same(option, "container") ? &container
                        : same(option, "path")    ? &path
                        : same(option, "wdir")    ? &wdir
                                                  : &user;
  if (*target) {
    Line line;
    return refuse(line.add("--").add(option).add(" is given twice. Put -- before the command's own arguments."), status);
  }
  *target = value;
  return true;
}

bool CommandLine::parse(char** argv, int& status) {
  const char* timeout = nullptr;
  char** at = argv + 1;
  for (; *at && !same(*at, "--"); ++at) {
    if (same(*at, "--help")) return print(1, kHelp), status = 0, false;
    if (same(*at, "--version")) return print(1, "serve-exec " SERVE_EXEC_VERSION "\n"), status = 0, false;
    if (same(*at, "--print-native-path")) return print_own_path(), status = 0, false;
    const char* option = nullptr;
    for (const char* name : {"container", "path", "wdir", "user", "timeout", "env"}) {
      if (!starts_with(*at, "--") || !starts_with(*at + 2, name)) continue;
      const char after = (*at)[2 + strlen(name)];
      if (after == 0 || after == '=') option = name;
    }
    if (!option) break;
    const bool inline_value = (*at)[2 + strlen(option)] == '=';
    const char* value = inline_value ? *at + 3 + strlen(option) : *++at;
    if (!value) return refuse(Line().add("--").add(option).add(" needs a value").add(kUsage), status);
    if (!same(option, "timeout")) {
      if (!take(option, value, status)) return false;
    } else if (timeout) {
      return refuse(Line().add("--timeout is given twice. Put -- before the command's own arguments."), status);
    } else if (!read_duration(timeout = value, timeout_ms)) {
      return refuse(Line().add("--timeout ").add(value).add(" is no duration. Write 500ms, 2s, 5m or 1h."), status);
    }
  }
  return check(at, status);
}

bool CommandLine::check(char** rest, int& status) {
  if (!container || !path) {
    Line line;
    line.add(container ? "--path" : "--container").add(" is missing");
    if (*rest && !same(*rest, "--")) line.add(", or comes after '").add(*rest).add("', where options end");
    if (*rest && same(*rest, "wrappers")) line.add(". Wrappers are made by the program of the npm package");
    return refuse(line.add(kUsage), status);
  }
  if (user && !is_user(user))
    return refuse(Line().add("--user ").add(user).add(" is no user. Write NAME, NAME:GROUP or numbers."), status);
  if (!is_id(container))
    return refuse(Line().add("--container ").add(container).add(" is no id. containerv ps lists the containers."), status);
  if (!*path || same(path, ".") || same(path, "..") || strlen(path) >= kMaxPath)
    return refuse(Line().add("--path ").add(path).add(" names no command").add(kUsage), status);
  if (wdir && has_control_character(wdir))
    return refuse(Line().add("--wdir holds control characters. Rename the directory."), status);
  if (wdir && strlen(wdir) >= kMaxPath) return refuse(Line().add("--wdir is too long. Use a shorter path."), status);
  arguments = *rest ? rest + (same(*rest, "--") ? 1 : 0) : rest;
  return true;
}

}  // namespace containerv
