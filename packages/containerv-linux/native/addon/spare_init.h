#pragma once

#include <cstdint>

#include "launcher.h"

namespace containerv {

// A program that makes container after container need not wait for namespaces, a third of what a
// create takes: one process 1 is kept ahead, in fresh namespaces, waiting for its plan. It has
// never run anything and never had a plan; it ends when the program does.

// The spare if it has these namespaces, otherwise one launched now. Throws SysError.
Launched take_init(int executable, uint64_t namespaces);

// Launches the next spare, from the second container of a program on. Failing is no failure: the
// next container launches for itself.
void prepare_spare(int executable, uint64_t namespaces) noexcept;

}  // namespace containerv
