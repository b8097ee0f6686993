#pragma once

#include "../common/wire.h"
#include "command_line.h"

namespace containerv {

// `ENOENT, no such file or directory`
const char* error_text(int error);

// Says what a kFailed message says, and returns the status to exit with: 127 for a command that is not
// there, 126 for one that cannot be executed, 125 for everything else.
int complain_of_failure(WireReader reader, const CommandLine& line);

}  // namespace containerv
