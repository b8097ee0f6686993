#pragma once

#include "id_maps.h"
#include "launcher.h"

namespace containerv {

// A clone of containerv-init that does what the messages on its socket say (init/worker.h), as who we are or in a user
// namespace of its own with these maps.
Launched start_worker(int executable, const IdMaps& maps);

}  // namespace containerv
