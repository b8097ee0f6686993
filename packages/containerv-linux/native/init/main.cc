// containerv-init: process 1 of a container. The driver executes it once, as a launcher; what the
// launcher clones into fresh namespaces builds the root from the plan it is sent, then supervises.

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_entry.h"
#include "client.h"
#include "descriptors.h"
#include "landlock.h"
#include "launcher.h"
#include "namespaces.h"
#include "operations.h"
#include "plan.h"
#include "probe.h"
#include "supervisor.h"
#include "worker.h"

namespace containerv {
namespace {

using namespace protocol;

void start_clean() {
  close_from(kDriverFd + 1);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  // What the parent ignored would stay ignored in every process of the container.
  for (int number = 1; number <= SIGRTMAX; ++number)
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
  prctl(PR_SET_NAME, "containerv-boot", 0, 0, 0);
  umask(0);
}

bool isolate(const Plan& plan, const Launch& launched, Failure& failure) {
  if (plan.flags & kUserNamespace && !become_root_of_namespace(failure)) return false;
  // The /proc files of a process that is not dumpable are not its own, so offsets come first.
  if (plan.flags & kNewTimeNamespace &&
      !enter_time_namespace(plan.monotonic_offset_s, plan.boottime_offset_s, failure))
    return false;
  // Nothing inside may read or trace us (CVE-2016-9962). Only now: before, the driver had our maps to write.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure.set("protect init", "prctl(PR_SET_DUMPABLE)");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure.set("protect init", "prctl(PR_SET_NO_NEW_PRIVS)");
  // What no process of the container may have, none that we start has to be kept from.
  const int limited = limit_bounding_set(plan.confinement.capabilities);
  if (limited != 0) return failure.set(-limited, "protect init", "prctl(PR_CAPBSET_DROP)");
  if (!(plan.flags & kPidNamespace) && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    return failure.set("protect init", "prctl(PR_SET_CHILD_SUBREAPER)");
  if (launched.loopback.error != 0) {
    failure = launched.loopback;
    return false;
  }
  return set_names(plan.hostname, plan.domainname, failure);
}

// Mounts that the driver made for us.
struct Trees {
  UniqueFd fds[kMaxTrees];
  size_t count = 0;

  bool take(std::span<UniqueFd> more) {
    for (auto& fd : more) {
      if (count == kMaxTrees) return false;
      fds[count++] = static_cast<UniqueFd&&>(fd);
    }
    return true;
  }
  [[nodiscard]] std::span<UniqueFd> all() { return {fds, count}; }
};

// What the driver makes on the host for us, meanwhile.
struct Host {
  Message message;
  Trees trees;
  UniqueFd listener;
  UniqueFd lock;
};

bool receive_trees(int owner, Host& host, Failure& failure) {
  const char* step = "attach source";
  for (bool more = true; more;) {
    if (host.message.receive(owner) != Message::Result::kMessage) return failure.set(ECANCELED, step, "recvmsg");
    WireReader reader(host.message.body());
    more = reader.u32() != 0;
    if (host.message.type() != kTrees || !reader.finished() || !host.trees.take(host.message.descriptors()))
      return failure.set(EBADMSG, step, "recvmsg");
  }
  return true;
}

// Control groups are entered by ourselves: to be moved from outside waits for a grace period of the kernel.
bool receive_host(const Plan& plan, int owner, Host& host, Failure& failure) {
  const char* step = "enter cgroup";
  if (host.message.receive(owner) != Message::Result::kMessage) return failure.set(ECANCELED, step, "recvmsg");
  auto fds = host.message.descriptors();
  if (host.message.type() != kHost || !host.message.body().empty() || fds.size() < 2)
    return failure.set(EBADMSG, step, "recvmsg");
  host.listener = static_cast<UniqueFd&&>(fds[0]);
  host.lock = static_cast<UniqueFd&&>(fds[1]);
  if (!enter_cgroups(fds.subspan(2), failure)) return false;
  host.message.release();
  return !(plan.flags & kNewCgroupNamespace) || enter_cgroup_namespace(failure);
}

bool build_root(WireReader& reader, int owner, Host& host, RootBuilder& builder, Failure& failure) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return failure.set("make mounts private", "mount", "/");
  if (!builder.stage(failure) || !receive_trees(owner, host, failure) || !builder.attach(host.trees.all(), failure) ||
      !builder.run(reader, failure))
    return false;
  if (!reader.finished()) return failure.set(EBADMSG, "decode plan", "recvmsg");
  for (auto& fd : host.trees.all()) fd.reset();
  return builder.enter(failure);
}

// Appends what a ruleset came to: `landlock ABI`, and `landlock-missed` with the path rules that gave nothing.
bool confine_files(const Plan& plan, const RootBuilder& builder, UniqueFd& ruleset, char* text, size_t size,
                   Failure& failure) {
  UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  MissedPaths missed;
  ruleset = make_ruleset(plan.confinement.ruleset, root.get(), missed, failure);
  if (!ruleset) return failure.error == 0;
  const int abi = ruleset_in_force(ruleset.get(), plan.confinement.ruleset, builder.outside(), failure);
  if (abi < 0) return false;
  const size_t used = strlen(text);
  snprintf(text + used, size - used, "landlock %d\nlandlock-missed %s\n", abi, missed.text);
  return true;
}

void append(char* text, size_t size, const char* more) {
  const size_t used = strlen(text);
  snprintf(text + used, size - used, "%s", more);
}

bool receive_plan(int owner, Message& message) {
  while (message.receive(owner) == Message::Result::kMessage) {
    if (message.type() == kPlan) return message.descriptors().empty();
    if (message.type() == kWork) _exit(work(owner, message));
    if (message.type() != kKeep) return false;
    for (auto& fd : message.descriptors()) static_cast<void>(fd.release());
  }
  return false;
}

int fail(int owner, const Failure& failure) {
  send_failure(owner, failure);
  return 1;
}

int start() {
  start_clean();
  Launch launched = launch(UniqueFd(kDriverFd));
  // From here on we are process 1 of one container.
  prctl(PR_SET_NAME, "containerv-init", 0, 0, 0);
  UniqueFd owner = static_cast<UniqueFd&&>(launched.owner);
  static Message message;
  Failure failure;
  if (!receive_plan(owner.get(), message)) {
    // Nobody may know of us but by this (launcher.cc, end_unannounced).
    failure.set(ECANCELED, "receive plan", "recvmsg");
    return fail(owner.get(), failure);
  }
  Plan plan;
  WireReader reader(message.body());
  if (!plan.decode(reader)) {
    failure.set(EBADMSG, "decode plan", "recvmsg");
    return fail(owner.get(), failure);
  }
  static Host host;
  RootBuilder builder;
  Probe probe;
  const bool late = plan.flags & kEntersLate;
  // Into a group of v1 root may write itself as whoever it is by then, and anybody else only as who it is now.
  if ((!late && !receive_host(plan, owner.get(), host, failure)) || !builder.find_staging(plan.staging, failure) ||
      !isolate(plan, launched, failure) || !probe.start(plan.confinement, failure) || !build_root(reader, owner.get(), host, builder, failure) ||
      (late && !receive_host(plan, owner.get(), host, failure)))
    return fail(owner.get(), failure);

  ucred creator{};
  socklen_t size = sizeof creator;
  getsockopt(owner.get(), SOL_SOCKET, SO_PEERCRED, &creator, &size);
  const int owner_fd = owner.get();
  static char status[3500];
  static UniqueFd ruleset;
  if (!probe.finish(builder.proc(), status, sizeof status / 2, failure)) return fail(owner_fd, failure);
  describe_namespaces(builder.proc(), status, sizeof status);
  if (!confine_files(plan, builder, ruleset, status, sizeof status, failure)) return fail(owner_fd, failure);
  // The supervisor sees to it, or nothing starts.
  if (plan.sockets.any()) append(status, sizeof status, "sockets judged\n");
  describe_id_maps(builder.proc(), status, sizeof status);  // last: it may not fit
  static Supervisor supervisor({(plan.flags & kDetached) != 0, (plan.flags & kPidNamespace) != 0, creator.uid,
                                builder.proc(), plan.confinement, ruleset.get(), plan.defaults, builder.take_memory(),
                                &plan.sockets},
                               static_cast<UniqueFd&&>(host.listener), static_cast<UniqueFd&&>(owner));
  if (!supervisor.open(failure)) return fail(owner_fd, failure);
  if (!supervisor.send_ready(status)) return 1;
  // The lock stays open for as long as we live: it says that the container does.
  static_cast<void>(host.lock.release());
  supervisor.run();
}

}  // namespace
}  // namespace containerv

int main() { return containerv::start(); }
