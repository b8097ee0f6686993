#pragma once

#include "../common/wire.h"
#include "command_line.h"
#include "line.h"

namespace containerv {

// Adds `ENOENT, no such file or directory`, or the number of an error without a text here.
Line& add_error(Line& line, int error);

// Says what a kFailed message says, and returns the status to exit with: 127 for a command that is not
// there, 126 for one that cannot be executed, 125 for everything else.
int complain_of_failure(WireReader reader, const CommandLine& line);

}  // namespace containerv
