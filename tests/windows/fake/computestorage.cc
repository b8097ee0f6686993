// computestorage.dll: layers by their folders alone.
#include <filesystem>

#include "layers.h"
#include "schema.h"
#include "text.h"
#include "world.h"

namespace fake {

FAKE_EXPORT HRESULT computestorage_HcsDestroyLayer(PCWSTR path) {
  const Fault fault = World::get().fault_for("HcsDestroyLayer");
  if (fault.hresult) return *fault.hresult;
  return destroy_layer(path, "HcsDestroyLayer");
}

}  // namespace fake
