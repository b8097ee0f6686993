#pragma once

#include <vector>

#include "session.h"

namespace containerv {

// Copies host trees into a container. Blocks.
TransferCounts upload_trees(int socket, const std::vector<TransferItem>& items, Owners owners, const TransferControl& control);

}  // namespace containerv
