#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <new>

#include "layer_owners.h"
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

// What did not fit into the request's own message.
bool receive_more(int driver, std::span<UniqueFd> into, Failure& failure) {
  static Message more;
  size_t received = 0;
  while (received < into.size()) {
    if (more.receive(driver) != Message::Result::kMessage || more.type() != kMore || more.descriptors().empty() ||
        more.descriptors().size() > into.size() - received)
      return failure.set(EBADMSG, "receive layers", "recvmsg");
    for (auto& fd : more.descriptors()) into[received++] = static_cast<UniqueFd&&>(fd);
  }
  return true;
}

bool list_changes(int driver, WireReader& reader, std::span<UniqueFd> fds, Failure& failure) {
  static LayerOwners owners;
  static LowerRoot roots[kMaxLowerRoots];
  static uint32_t sizes[kMaxLowerRoots];
  owners.decode(reader);
  const uint32_t count = reader.count(8);
  if (count > kMaxLowerRoots) reader.fail();
  size_t total = 0;
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    roots[i].path = reader.text();
    sizes[i] = reader.u32();
    total += sizes[i];
    if (total > kMaxLowerDirectories) reader.fail();
  }
  if (!reader.finished()) return failure.set(EBADMSG, "decode request", "recvmsg");
  const std::span<UniqueFd> lower(new (std::nothrow) UniqueFd[total], total);
  if (!lower.data()) return failure.set(ENOMEM, "receive layers", "malloc");
  bool done = receive_more(driver, lower, failure);
  for (size_t i = 0, used = 0; i < count; used += sizes[i++]) roots[i].directories = lower.subspan(used, sizes[i]);
  done = done && find_changes(fds[0].get(), {roots, count}, fds[1].get(), owners, failure);
  delete[] lower.data();
  return done;
}

bool copy(WireReader& reader, std::span<UniqueFd> fds, Failure& failure) {
  static LayerOwners owners;
  owners.decode(reader);
  if (!reader.finished()) return failure.set(EBADMSG, "decode request", "recvmsg");
  return copy_layer(fds[0].get(), fds[1].get(), owners, failure);
}

bool run(int driver, uint32_t kind, WireReader& reader, std::span<UniqueFd> fds, pid_t& guard, Failure& failure) {
  if (kind == kCopyLayer && fds.size() == 2) return copy(reader, fds, failure);
  if (kind == kRemoveTree && fds.size() == 1 && reader.finished()) return empty_directory(fds[0].get(), failure);
  if (kind == kListChanges && fds.size() == 2) return list_changes(driver, reader, fds, failure);
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
                    run(driver, kind, reader, message.descriptors(), guard, failure);
  if (!done) {
    send_failure(driver, failure, message.request());
    return 1;
  }
  send_message(driver, WireWriter(kDone, message.request()).message());
  if (guard > 0 && !await_guard(guard)) send_message(driver, WireWriter(kLost, 0).message());
  return 0;
}

}  // namespace containerv
