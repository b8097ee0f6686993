#pragma once

#include <windows.h>

#include "../../../containerv-linux/native/serve-exec/command_line.h"

namespace containerv {

// Runs the command to its end, with this program's streams, and returns its status. It ends the command when `front`,
// the program that somebody waits for, ends first.
int run_session(const CommandLine& line, HANDLE front);

}  // namespace containerv
