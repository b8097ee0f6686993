#pragma once

#include <string>
#include <vector>

namespace containerv {

// One line that CommandLineToArgvW splits into exactly these arguments: what quoteCommandLine() of src/command-line.ts
// makes of them, which has the reasons. The program's name holds no quote.
std::wstring quote_command_line(const std::vector<std::wstring>& arguments);

// CreateProcessW takes 32,767 units with the NUL.
inline constexpr size_t kMaxCommandLine = 32766;

}  // namespace containerv
