#pragma once

#include <stdint.h>

#include "../common/unique_fd.h"
#include "failure.h"

namespace containerv {

struct Terminal {
  UniqueFd master;
  UniqueFd peer;
};

// A pseudo-terminal of the container's own devpts. The peer comes from TIOCGPTPEER, never from the
// name in /dev/pts (CVE-2025-52565), and is bound over /dev/console where that exists.
bool open_terminal(uint32_t columns, uint32_t rows, Terminal& terminal, Failure& failure);

}  // namespace containerv
