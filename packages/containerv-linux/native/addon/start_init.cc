#include "start_init.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "control_socket.h"
#include "descriptor_io.h"
#include "launcher.h"
#include "sys_error.h"

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
  ~Started() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
  void release() { pid_ = -1; }

 private:
  pid_t pid_;
};

void map_ids(const std::string& process, const StartRequest& request) {
  // Before gid_map: an unprivileged mapping of groups is only allowed without setgroups (user_namespaces(7)).
  if (request.deny_setgroups) write_file("map user ids", process + "/setgroups", "deny");
  write_file("map user ids", process + "/uid_map", request.uid_map);
  write_file("map group ids", process + "/gid_map", request.gid_map);
}

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

void send_plan(const StartRequest& request, const std::vector<FileResult>& steps, int lock, const Launched& init) {
  const std::string process = "/proc/" + std::to_string(init.pid);
  const Parts parts = collect_parts(request, steps, lock);
  if (!request.uid_map.empty()) map_ids(process, request);
  if (!request.oom_score_adj.empty())
    write_file("set oom_score_adj", process + "/oom_score_adj", request.oom_score_adj);
  // For who lists containers; nothing depends on it.
  run_file_steps({{FileStep::Kind::kReplace, request.state_directory + "/init.pid", std::to_string(init.pid), 0, true}});
  send_whole(init.socket.get(), request.plan, parts.fds, kStep);
  if (fcntl(init.socket.get(), F_SETFL, O_NONBLOCK) != 0) fail(kStep, "fcntl");
}

}  // namespace

StartedInit start_init(const StartRequest& request) {
  StartedInit result;
  result.steps = run_file_steps(request.steps);
  if (!finished(request.steps, result.steps)) return result;
  const auto step_fd = [&result](int step, int given) {
    return step < 0 ? given : result.steps[static_cast<size_t>(step)].fd;
  };
  const int cgroup = step_fd(request.cgroup_step, request.cgroup);
  const int lock = step_fd(request.lock_step, request.lock);
  try {
    Launched init = launch_init(request.executable, request.namespaces, cgroup);
    Started started(init.pid);
    send_plan(request, result.steps, lock, init);
    started.release();
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
