#include "command_line_text.h"

namespace containerv {
namespace {

// \s of JavaScript.
bool is_space(wchar_t unit) {
  return (unit >= 0x09 && unit <= 0x0D) || unit == 0x20 || unit == 0xA0 || unit == 0x1680 || (unit >= 0x2000 && unit <= 0x200A) ||
         unit == 0x2028 || unit == 0x2029 || unit == 0x202F || unit == 0x205F || unit == 0x3000 || unit == 0xFEFF;
}

std::wstring quote_program(const std::wstring& program) {
  bool needs_quotes = program.empty();
  // Control characters up to the space end a name without quotes.
  for (const wchar_t unit : program) needs_quotes = needs_quotes || unit <= 0x20 || is_space(unit);
  return needs_quotes ? L'"' + program + L'"' : program;
}

std::wstring quote_argument(const std::wstring& argument) {
  bool needs_quotes = argument.empty();
  for (const wchar_t unit : argument) needs_quotes = needs_quotes || unit == L'"' || is_space(unit);
  if (!needs_quotes) return argument;
  // Backslashes count only before a quote, the closing one included: there each is written twice.
  std::wstring quoted = L"\"";
  size_t backslashes = 0;
  for (const wchar_t unit : argument) {
    if (unit == L'"') quoted.append(backslashes + 1, L'\\');
    quoted += unit;
    backslashes = unit == L'\\' ? backslashes + 1 : 0;
  }
  quoted.append(backslashes, L'\\');
  return quoted + L'"';
}

}  // namespace

std::wstring quote_command_line(const std::vector<std::wstring>& arguments) {
  std::wstring line = quote_program(arguments.front());
  for (size_t i = 1; i < arguments.size(); ++i) (line += L' ') += quote_argument(arguments[i]);
  return line;
}

}  // namespace containerv
