#pragma once

#include <vector>

#include "session.h"

namespace containerv {

// Copies trees of a container to the host. What comes out is hostile: set-id bits are dropped, and nothing is written
// but below the targets, which are opened before the first byte arrives. Blocks.
TransferCounts download_trees(int socket, const std::vector<TransferItem>& items, Owners owners,
                              const TransferControl& control);

}  // namespace containerv
