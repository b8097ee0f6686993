// A request for a process, which also comes from programs that joined; and what the container's own settings make of it
// (init/spawn_request.h).
#include "../init/spawn_request.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

using namespace containerv;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  WireReader reader({data, size});
  SpawnRequest request;
  if (!request.decode(reader)) return 0;
  char path[] = "PATH=/bin", home[] = "HOME=/";
  char* environment[] = {path, home, nullptr};
  SpawnDefaults defaults;
  defaults.limits[0] = {7, 10, 20};
  defaults.limit_count = 1;
  defaults.environment = environment;
  if (!request.complete(defaults)) return 0;
  if (request.limit_count > SpawnRequest::kMaxLimits || request.user.uid > INT32_MAX) abort();
  if (request.own_confinement && request.confinement.filter.empty()) abort();
  volatile size_t used = strlen(request.file) + strlen(request.cwd);
  for (char** text : {request.arguments, request.environment})
    for (; *text; ++text) used = used + strlen(*text);
  return 0;
}
