#include "start_init.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "../common/protocol.h"
#include "../common/wire.h"
#include "control_socket.h"
#include "descriptor_io.h"
#include "sys_error.h"
#include "user_network.h"

namespace containerv {
namespace {

constexpr char kStep[] = "start init";

void write_file(const char* step, const std::string& path, const std::string& text) {
  UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) fail(step, "open", path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(step, "write", path);
}

// Kills and reaps what was started unless told that all went well.
class Started {
 public:
  explicit Started(pid_t pid) : pid_(pid) {}
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() { end_child(pid_); }
  void release() { pid_ = -1; }

 private:
  pid_t pid_;
};

// Ranges of ids go back when the last process is gone, which is when init has been waited for.
std::mutex held_ranges_mutex;
std::unordered_map<pid_t, UniqueFd> held_ranges;

// What init is given when all is made on the host (protocol.h, kHost).
struct Parts {
  std::vector<UniqueFd> owned;
  std::vector<int> fds;
  void add(UniqueFd fd) {
    fds.push_back(fd.get());
    owned.push_back(std::move(fd));
  }
};

// What init only keeps open for as long as it lives: the container's ids and ports of the host.
std::vector<UniqueFd> claim_ports(const StartRequest& request) {
  std::vector<UniqueFd> claims;
  for (const auto& port : request.ports) claims.push_back(claim_port(port));
  return claims;
}

Parts collect_parts(const StartRequest& request, const std::vector<FileResult>& steps, int lock) {
  Parts parts;
  parts.add(listen_control_socket(request.state_directory));
  parts.fds.push_back(lock);
  for (const auto& [path, step] : request.cgroup_tasks) {
    if (step >= 0 && !steps[static_cast<size_t>(step)].done) continue;
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) fail("enter cgroup", "open", path);
    parts.add(std::move(file));
  }
  return parts;
}

void send_descriptors(const Launched& init, const WireWriter& message, std::span<const int> fds) {
  send_whole(init.socket.get(), message.message(), fds, kStep);
}

// What an init that has failed by now says of that is worth more than that it does not listen any more.
void unless_ended(const std::function<void()>& send) {
  try {
    send();
  } catch (const SysError& error) {
    if (error.error != EPIPE) throw;
  }
}

void send_trees(const Launched& init, const std::vector<UniqueFd>& trees) {
  std::vector<int> fds;
  for (const auto& tree : trees) fds.push_back(tree.get());
  std::span<const int> rest(fds);
  do {
    const auto some = rest.first(std::min(rest.size(), protocol::kMaxDescriptors));
    rest = rest.subspan(some.size());
    WireWriter message(protocol::kTrees, 0);
    message.u32(!rest.empty());
    unless_ended([&] { send_descriptors(init, message, some); });
  } while (!rest.empty());
}

void send_host(const StartRequest& request, const std::vector<FileResult>& steps, int lock, const Launched& init) {
  const Parts parts = collect_parts(request, steps, lock);
  unless_ended([&] { send_descriptors(init, WireWriter(protocol::kHost, 0), parts.fds); });
}

void send_plan(const StartRequest& request, std::vector<int> kept, const Launched& init, UserNetwork& network) {
  const std::string process = "/proc/" + std::to_string(init.pid);
  run_netlink(request.network, init.pid);
  if (!request.user_network.empty()) {
    network.begin(request.executable, init.pid, request.user_network);
    kept.push_back(network.life());
  }
  if (!request.oom_score_adj.empty())
    write_file("set oom_score_adj", process + "/oom_score_adj", request.oom_score_adj);
  if (!kept.empty()) send_descriptors(init, WireWriter(protocol::kKeep, 0), kept);
  send_whole(init.socket.get(), request.plan, {}, kStep);
}

// In the lock's own file, for who lists containers; nothing depends on it. Of one length, so that a
// second start leaves nothing of the first.
void write_pid(int lock, pid_t pid) {
  char line[16];
  snprintf(line, sizeof line, "%-14d\n", pid);
  static_cast<void>(!pwrite(lock, line, sizeof line - 1, 0));
}

void hold_ids(pid_t pid, UniqueFd lock) {
  const std::lock_guard guard(held_ranges_mutex);
  held_ranges[pid] = std::move(lock);
}

// The host's side of a container, as far as it has been made.
class Making {
 public:
  Making(const StartRequest& request, StartedInit& started) : steps_(request.steps), started_(started) {
    started_.steps.resize(steps_.size());
  }

  // False when it cannot be, which the results tell.
  bool up_to(size_t step) {
    const size_t from = next_, count = step - from;
    next_ = step;
    return run_file_steps(std::span(steps_).subspan(from, count), std::span(started_.steps).subspan(from, count),
                          started_.graveyard);
  }
  bool all() { return up_to(steps_.size()); }

  [[nodiscard]] int descriptor(int step, int given) const {
    return step < 0 ? given : started_.steps[static_cast<size_t>(step)].fd;
  }

 private:
  const std::vector<FileStep>& steps_;
  StartedInit& started_;
  size_t next_ = 0;
};

}  // namespace

void give_ids_back(pid_t pid) {
  const std::lock_guard guard(held_ranges_mutex);
  held_ranges.erase(pid);
}

StartedInit start_init(const StartRequest& request) {
  StartedInit result;
  LaunchRequest launch{request.executable, request.namespaces, request.cgroup};
  Launching launching(UniqueFd(request.launch), launch);
  Making making(request, result);
  if (!making.up_to(request.steps_before_plan)) return result;
  launch.cgroup = making.descriptor(request.cgroup_step, request.cgroup);
  try {
    if (request.launch < 0) launching = begin_launch(launch);
    IdRange ids;
    IdMaps maps = request.maps;
    if (!request.id_file.empty()) {
      ids = take_id_range(request.id_file, request.id_runs);
      maps.uid = maps.gid = "0 " + std::to_string(ids.first) + " " + std::to_string(kIdRangeSize) + "\n";
    }
    std::vector<UniqueFd> claims = claim_ports(request);
    // Its own program listens then, and of several addresses it would be content with one that is free.
    if (!request.user_network.empty()) claims.clear();
    std::vector<int> kept;
    if (ids.lock) kept.push_back(ids.lock.get());
    for (const auto& claim : claims) kept.push_back(claim.get());
    Launched init = launching.finish();
    UserNetwork network;  // outlives init
    Started started(init.pid);
    map_ids(init.pid, maps);
    const int lock = making.descriptor(request.lock_step, request.lock);
    if (request.enters_late()) {
      send_plan(request, std::move(kept), init, network);
      if (!making.up_to(request.steps_before_trees)) return result;
      send_trees(init, make_source_trees(request.trees, init.pid, maps));
      if (!making.all()) return result;
      send_host(request, result.steps, lock, init);
    } else {
      // Once it has its plan, nobody but root may look at its namespaces.
      const auto trees = make_source_trees(request.trees, init.pid, maps);
      send_plan(request, std::move(kept), init, network);
      send_host(request, result.steps, lock, init);
      send_trees(init, trees);
    }
    if (fcntl(init.socket.get(), F_SETFL, O_NONBLOCK) != 0) fail(kStep, "fcntl");
    write_pid(lock, init.pid);
    started.release();
    if (ids.lock) hold_ids(init.pid, std::move(ids.lock));
    result.user_network = network.release();
    result.pid = init.pid;
    result.pidfd = std::move(init.pidfd);
    result.socket = std::move(init.socket);
  } catch (const SysError& error) {
    result.failed = true;
    result.failure = error;
    // For another try, and for who takes it back.
    making.all();
  }
  return result;
}

}  // namespace containerv
