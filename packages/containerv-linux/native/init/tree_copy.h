#pragma once

#include "failure.h"
#include "layer_owners.h"

namespace containerv {

// Copies what an overlay's upper directory holds into an empty directory, so that it can be a layer below others:
// owners (translated), modes, times, extended attributes, hard links, holes, special files, white-outs and opaque directories as they
// are; what only the overlay itself needs is left out. Goes from directory to directory by descriptor and follows no
// link, so what the container changes meanwhile leads nowhere else. The target itself stays as it is: files in it may be
// set-user-id, and it keeps other users away from them.
bool copy_layer(int upper, int target, const LayerOwners& owners, Failure& failure);

}  // namespace containerv
