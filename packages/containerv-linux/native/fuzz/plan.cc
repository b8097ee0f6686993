// The head of a plan, as init decodes it before anything of it is believed (init/plan.h).
#include "../init/plan.h"

#include <stddef.h>
#include <stdlib.h>

#include "../common/protocol.h"

using namespace containerv;

namespace {

// Whatever decoding accepts is used later: everything it points to has to be there.
size_t walk(char** strings) {
  size_t total = 0;
  for (; *strings; ++strings) total += strlen(*strings);
  return total;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  WireReader reader({data, size});
  Plan plan;
  const bool decoded = plan.decode(reader);
  if (decoded) {
    if (plan.confinement.filter.empty() || plan.defaults.limit_count > SpawnDefaults::kMaxLimits) abort();
    if (plan.defaults.user.uid > INT32_MAX || plan.defaults.user.gid > INT32_MAX) abort();
    SocketAddress address;
    for (const int family : {AF_INET, AF_INET6}) {
      address.any.sa_family = static_cast<sa_family_t>(family);
      address.size = sizeof address.inet6;
      static_cast<void>(plan.sockets.permit_internet(protocol::kConnectSocket, address, IPPROTO_TCP));
    }
    static_cast<void>(plan.sockets.permit_local(protocol::kBindSocket, {"/run/x", 6}));
    volatile size_t used = walk(plan.defaults.environment) + strlen(plan.staging) + strlen(plan.hostname);
    static_cast<void>(used);
  }
  free(plan.defaults.environment);
  return 0;
}
