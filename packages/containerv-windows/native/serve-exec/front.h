#pragma once

#include <windows.h>

namespace containerv {

// The program that somebody started and may kill is not the one that does the work: that one is its child, has its
// streams and console, and outlives it by as long as ending the command takes. Windows tells a service nothing of a
// client that was killed, and the command would run on.

// In the child: the program that started it. Null in the one that somebody started.
HANDLE front_process();
// Starts the child, waits for it and returns its status.
int run_behind();

}  // namespace containerv
