#include "start_worker.h"

#include <fcntl.h>
#include <sched.h>

#include "sys_error.h"

namespace containerv {

Launched start_worker(int executable, const IdMaps& maps) {
  const uint64_t namespaces = maps.uid.empty() ? 0 : CLONE_NEWUSER;
  Launched worker = begin_launch({executable, namespaces, -1}).finish();
  try {
    map_ids(worker.pid, maps);
    if (fcntl(worker.socket.get(), F_SETFL, O_NONBLOCK) != 0) fail("start worker", "fcntl");
  } catch (const SysError&) {
    end_child(worker.pid);
    throw;
  }
  return worker;
}

}  // namespace containerv
