#pragma once

#include <cstdint>

#include "../../common/transfer/entry.h"
#include "session.h"

namespace containerv {

// Copies up to `size` bytes of one regular file to another, empty one, holes as holes: shared blocks where both are on
// a file system that has them (FICLONE), otherwise in the kernel (copy_file_range, sendfile), otherwise through memory. A source
// that grows meanwhile is cut at `size`; one that shrinks ends early. ECANCELED once the transfer is aborted.
transfer::Outcome copy_contents(int from, int to, uint64_t size, const TransferControl& control);

}  // namespace containerv
