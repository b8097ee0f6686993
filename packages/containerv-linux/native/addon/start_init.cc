#include "start_init.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

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

bool finished(const std::vector<FileStep>& steps, const std::vector<FileResult>& results) {
  for (size_t i = 0; i < steps.size(); ++i)
    if (!results[i].done && !steps[i].optional) return false;
  return true;
}

// What the plan brings along (protocol.h, kPlan).
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

void send_before_plan(const Launched& init, protocol::MessageType type, std::span<const int> fds) {
  send_whole(init.socket.get(), WireWriter(type, 0).message(), fds, kStep);
}

void send_trees(const Launched& init, const std::vector<UniqueFd>& trees) {
  std::vector<int> fds;
  for (size_t i = 0; i < trees.size(); ++i) {
    fds.push_back(trees[i].get());
    if (fds.size() < protocol::kMaxDescriptors && i + 1 < trees.size()) continue;
    send_before_plan(init, protocol::kTrees, fds);
    fds.clear();
  }
}

void send_plan(const StartRequest& request, const IdMaps& maps, std::vector<int> kept, const Parts& parts,
               const Launched& init, UserNetwork& network) {
  const std::string process = "/proc/" + std::to_string(init.pid);
  map_ids(init.pid, maps);
  run_netlink(request.network, init.pid);
  if (!request.user_network.empty()) {
    network.begin(request.executable, init.pid, request.user_network);
    kept.push_back(network.life());
  }
  if (!request.oom_score_adj.empty())
    write_file("set oom_score_adj", process + "/oom_score_adj", request.oom_score_adj);
  if (!kept.empty()) send_before_plan(init, protocol::kKeep, kept);
  send_trees(init, make_source_trees(request.trees, init.pid, maps));
  send_whole(init.socket.get(), request.plan, parts.fds, kStep);
  if (fcntl(init.socket.get(), F_SETFL, O_NONBLOCK) != 0) fail(kStep, "fcntl");
}

// In the lock's own file, for who lists containers; nothing depends on it. Of one length, so that a
// second start leaves nothing of the first.
void write_pid(int lock, pid_t pid) {
  char line[16];
  snprintf(line, sizeof line, "%-14d\n", pid);
  static_cast<void>(!pwrite(lock, line, sizeof line - 1, 0));
}

// Waking the event loop in between would take a processor from init. A thread of the pool is not kept
// for one that takes long.
std::vector<uint8_t> await_first_message(int socket) {
  constexpr int kLongestMs = 10;
  pollfd said{socket, POLLIN, 0};
  Received received;
  if (poll(&said, 1, kLongestMs) == 1) receive_message(socket, received);
  return std::move(received.message);
}

void hold_ids(pid_t pid, UniqueFd lock) {
  const std::lock_guard guard(held_ranges_mutex);
  held_ranges[pid] = std::move(lock);
}

}  // namespace

void give_ids_back(pid_t pid) {
  const std::lock_guard guard(held_ranges_mutex);
  held_ranges.erase(pid);
}

StartedInit start_init(const StartRequest& request) {
  StartedInit result;
  LaunchRequest launch{request.executable, request.namespaces, request.cgroup};
  Launching launching(UniqueFd(request.launch), launch);
  result.steps = run_file_steps(request.steps, result.graveyard);
  if (!finished(request.steps, result.steps)) return result;
  const auto step_fd = [&result](int step, int given) {
    return step < 0 ? given : result.steps[static_cast<size_t>(step)].fd;
  };
  launch.cgroup = step_fd(request.cgroup_step, request.cgroup);
  const int lock = step_fd(request.lock_step, request.lock);
  try {
    if (request.launch < 0) launching = begin_launch(launch);
    IdRange ids;
    IdMaps maps = request.maps;
    if (!request.id_file.empty()) {
      ids = take_id_range(request.id_file, request.id_runs);
      maps.uid = maps.gid = "0 " + std::to_string(ids.first) + " " + std::to_string(kIdRangeSize) + "\n";
    }
    const Parts parts = collect_parts(request, result.steps, lock);
    std::vector<UniqueFd> claims = claim_ports(request);
    // Its own program listens then, and of several addresses it would be content with one that is free.
    if (!request.user_network.empty()) claims.clear();
    std::vector<int> kept;
    if (ids.lock) kept.push_back(ids.lock.get());
    for (const auto& claim : claims) kept.push_back(claim.get());
    Launched init = launching.finish();
    UserNetwork network;  // outlives init
    Started started(init.pid);
    send_plan(request, maps, std::move(kept), parts, init, network);
    write_pid(lock, init.pid);
    result.first = await_first_message(init.socket.get());
    started.release();
    if (ids.lock) hold_ids(init.pid, std::move(ids.lock));
    result.user_network = network.release();
    result.pid = init.pid;
    result.pidfd = std::move(init.pidfd);
    result.socket = std::move(init.socket);
  } catch (const SysError& error) {
    result.failed = true;
    result.failure = error;
  }
  return result;
}

}  // namespace containerv
