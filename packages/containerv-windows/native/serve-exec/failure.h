#pragma once

#include <windows.h>

#include <string>

#include "../../../containerv-linux/native/serve-exec/command_line.h"

namespace containerv {

// The process, or the system, is not there any more.
bool is_gone(HRESULT hresult);

// Says what the Host Compute Service refused and what to do about it, and returns the status to exit with.
int complain_of_open(HRESULT hresult, const std::wstring& more, const CommandLine& line);
// 127 for a command that is not there, 126 for one that cannot be executed, 125 for everything else.
int complain_of_start(HRESULT hresult, const std::wstring& more, const CommandLine& line);

}  // namespace containerv
