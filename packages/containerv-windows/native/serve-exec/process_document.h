#pragma once

#include <string>

#include "../../../containerv-linux/native/serve-exec/command_line.h"
#include "join_file.h"

namespace containerv {

// Which of the command's streams lead anywhere, and whether they are a terminal.
struct Wiring {
  bool input = false, output = false, error = false;
  bool terminal = false;
  unsigned short rows = 0, columns = 0;
};

// Fills the command, its directory, user, environment and streams into what the driver said of the container, as
// buildProcessParameters() of src/documents does for its own. False: `status` is what to exit with, everything has
// been said.
bool process_document(const JoinFile& join, const CommandLine& line, const Wiring& wiring, std::wstring& document, int& status);

}  // namespace containerv
