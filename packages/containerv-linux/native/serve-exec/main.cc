// serve-exec: runs a command in a container as if it were local. A client of containerv-init that needs
// nothing else: the same as the package serve-exec does in Node, without waiting for Node to start.

#include <new>

#include "command_line.h"
#include "runtime.h"
#include "session.h"

namespace containerv {

int run(int, char** argv, char** environment) {
  static CommandLine line;
  int status = 125;
  if (!line.parse(argv, status)) return status;
  // Not on the stack, which may be small, and never destroyed: we end by exit_group(2).
  alignas(Session) static unsigned char memory[sizeof(Session)];
  return (new (memory) Session(line, environment))->run();
}

}  // namespace containerv
