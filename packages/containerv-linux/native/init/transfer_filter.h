#pragma once

namespace containerv {

// Leaves a transfer agent the system calls of its work; any other fails with EPERM, and one of another architecture
// ends it. 0 or -errno.
int load_transfer_filter();

}  // namespace containerv
