#pragma once

#include "../common/unique_fd.h"

namespace containerv {

// A process of the container's own side of one upload or download: it opens, makes and describes files where the
// container's paths mean what they mean inside, and gives the driver descriptors to copy by. It keeps the rights to
// files of the container's root, and a filter leaves it the system calls for that and no others. Ends when the driver
// closes the socket. `proc` is a procfs that shows this process. To be called in a fresh fork of process 1.
[[noreturn]] void run_transfer_agent(int socket, int proc);

}  // namespace containerv
