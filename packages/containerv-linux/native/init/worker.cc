#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "namespaces.h"
#include "tree_changes.h"
#include "tree_copy.h"
#include "tree_removal.h"
#include "user_network.h"

namespace containerv {
namespace {

using namespace protocol;

// Every directory on the way down takes descriptors.
void lift_descriptor_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool list_changes(WireReader& reader, std::span<UniqueFd> fds, Failure& failure) {
  static LowerRoot roots[kMaxLowerRoots];
  const uint32_t count = reader.count(8);
  if (count > kMaxLowerRoots) reader.fail();
  size_t used = 2;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    roots[i].path = reader.text();
    const uint32_t directories = reader.u32();
    if (directories > fds.size() - used) reader.fail();
    if (!reader.ok()) break;
    roots[i].directories = fds.subspan(used, directories);
    used += directories;
  }
  if (!reader.finished()) return failure.set(EBADMSG, "decode request", "recvmsg");
  return find_changes(fds[0].get(), {roots, count}, fds[1].get(), failure);
}

bool run(uint32_t kind, WireReader& reader, std::span<UniqueFd> fds, pid_t& guard, Failure& failure) {
  if (kind == kCopyLayer && fds.size() == 2 && reader.finished()) return copy_layer(fds[0].get(), fds[1].get(), failure);
  if (kind == kRemoveTree && fds.size() == 1 && reader.finished()) return empty_directory(fds[0].get(), failure);
  if (kind == kListChanges && fds.size() >= 2) return list_changes(reader, fds, failure);
  if (kind == kConnectNetwork) return (guard = connect_network(reader, fds, failure)) > 0;
  return failure.set(EBADMSG, "decode request", "recvmsg");
}

}  // namespace

int work(int driver, Message& message) {
  Failure failure;
  WireReader reader(message.body());
  const uint32_t kind = reader.u32();
  const bool in_namespace = reader.u32() != 0;
  prctl(PR_SET_NAME, "containerv-work", 0, 0, 0);
  lift_descriptor_limit();
  pid_t guard = -1;
  // The umask is 0 since the start.
  const bool done = (!in_namespace || become_root_of_namespace(failure)) &&
                    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                    // Nobody waits for the work of a program that is gone.
                    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
                    run(kind, reader, message.descriptors(), guard, failure);
  if (!done) {
    send_failure(driver, failure, message.request());
    return 1;
  }
  send_message(driver, WireWriter(kDone, message.request()).message());
  if (guard > 0 && !await_guard(guard)) send_message(driver, WireWriter(kLost, 0).message());
  return 0;
}

}  // namespace containerv
