// The system calls that Node lacks, and nothing else: no policy, no decisions. `src/native.ts`
// types what is exported here.

#include <fcntl.h>
#include <napi.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "../common/kernel.h"
#include "../common/protocol.h"
#include "bpf_js.h"
#include "control_socket.h"
#include "descriptor_io.h"
#include "fd_poll.h"
#include "file_batch.h"
#include "file_steps.h"
#include "image_mount.h"
#include "js.h"
#include "launcher.h"
#include "observer_js.h"
#include "oom_events.h"
#include "process_list.h"
#include "netlink_js.h"
#include "remove_tree.h"
#include "start_init.h"
#include "start_worker.h"
#include "transfer/transfer_js.h"

namespace containerv {

Napi::Value to_js(Napi::Env env, const SysError& error) {
  // The text for people is composed in TypeScript.
  Napi::Error made = Napi::Error::New(env, error.syscall + ": errno " + std::to_string(error.error));
  made.Set("step", error.step);
  made.Set("syscall", error.syscall);
  made.Set("errno", Napi::Number::New(env, -error.error));
  if (!error.path.empty()) made.Set("path", error.path);
  return made.Value();
}

namespace {

std::span<uint8_t> bytes_argument(const Napi::CallbackInfo& info, size_t index) {
  if (index >= info.Length() || !info[index].IsBuffer()) throw Napi::TypeError::New(info.Env(), "Expected a Buffer");
  auto buffer = info[index].As<Napi::Buffer<uint8_t>>();
  return {buffer.Data(), buffer.Length()};
}

Napi::Value own(Napi::Env env, UniqueFd& fd) { return Napi::Number::New(env, fd.release()); }

// sealExecutable(path): Promise<fd>
Napi::Value seal_executable_js(const Napi::CallbackInfo& info) {
  return Task<UniqueFd>::run(info.Env(), [path = text_argument(info, 0)] { return seal_executable(path); }, own);
}

// connect(stateDirectory): Promise<fd>
Napi::Value connect_js(const Napi::CallbackInfo& info) {
  return Task<UniqueFd>::run(info.Env(), [path = text_argument(info, 0)] { return connect_control_socket(path); }, own);
}

Napi::Value file_results(Napi::Env env, std::vector<FileResult>& results) {
  auto list = Napi::Array::New(env, results.size());
  for (uint32_t i = 0; i < results.size(); ++i) {
    const auto& result = results[i];
    // Most have nothing to say but that they are done.
    if (result.done && result.fd < 0 && result.text.empty()) continue;
    auto made = Napi::Object::New(env);
    made.Set("done", result.done);
    made.Set("text", result.text);
    made.Set("fd", result.fd);
    made.Set("syscall", result.syscall);
    made.Set("errno", result.error);
    list.Set(i, made);
  }
  return list;
}

// Closes descriptors on a thread of the pool: it may take as long as the disk does.
class Closing : public Napi::AsyncWorker {
 public:
  static void run(Napi::Env env, std::vector<UniqueFd> fds) {
    if (!fds.empty()) (new Closing(env, std::move(fds)))->Queue();
  }

 private:
  Closing(Napi::Env env, std::vector<UniqueFd> fds) : Napi::AsyncWorker(env), fds_(std::move(fds)) {}
  void Execute() override { fds_.clear(); }

  std::vector<UniqueFd> fds_;
};

struct BatchOutcome {
  std::vector<FileResult> results;
  Graveyard graveyard;
};

Napi::Value batch_outcome(Napi::Env env, BatchOutcome& outcome) {
  Closing::run(env, outcome.graveyard.take());
  return file_results(env, outcome.results);
}

// files(steps): Promise<results>; stops at the first failure that is not optional
Napi::Value files_js(const Napi::CallbackInfo& info) {
  return Task<BatchOutcome>::run(
      info.Env(),
      [steps = decode_file_steps(bytes_argument(info, 0))] {
        BatchOutcome outcome;
        outcome.results = run_file_steps(steps, outcome.graveyard);
        return outcome;
      },
      batch_outcome);
}

std::vector<DeviceNode> device_nodes(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<DeviceNode> nodes;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto given = list.Get(i).As<Napi::Object>();
    const auto number = [&given](const char* name) { return given.Get(name).ToNumber().Uint32Value(); };
    nodes.push_back({number("mode"), number("major"), number("minor"), number("uid"), number("gid")});
  }
  return nodes;
}

IdMaps id_maps(const Napi::Object& options) {
  return {options.Get("uidMap").ToString(), options.Get("gidMap").ToString(), options.Get("denySetgroups").ToBoolean(),
          options.Get("uidHelper").ToString(), options.Get("gidHelper").ToString()};
}

StartRequest start_request(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object");
  const auto options = info[0].As<Napi::Object>();
  StartRequest request;
  const auto steps = options.Get("steps").As<Napi::Buffer<uint8_t>>();
  request.steps = decode_file_steps({steps.Data(), steps.Length()});
  request.steps_before_plan = options.Get("stepsBeforePlan").ToNumber().Uint32Value();
  request.steps_before_trees = options.Get("stepsBeforeTrees").ToNumber().Uint32Value();
  request.lock_step = options.Get("lockStep").ToNumber();
  request.cgroup_step = options.Get("cgroupStep").ToNumber();
  if (request.steps_before_plan > request.steps_before_trees || request.steps_before_trees > request.steps.size() ||
      request.cgroup_step >= static_cast<int>(request.steps_before_plan) ||
      request.lock_step >= static_cast<int>(request.steps_before_trees))
    throw Napi::RangeError::New(env, "A step is too late");
  request.executable = options.Get("executable").ToNumber();
  request.launch = options.Get("launch").ToNumber();
  request.lock = options.Get("lock").ToNumber();
  request.namespaces = static_cast<uint64_t>(options.Get("namespaces").ToNumber().Int64Value());
  request.state_directory = options.Get("stateDirectory").ToString();
  request.maps = id_maps(options);
  request.id_file = options.Get("idFile").ToString();
  const auto runs = options.Get("idRuns").As<Napi::Array>();
  for (uint32_t i = 0; i < runs.Length(); ++i) {
    const auto given = runs.Get(i).As<Napi::Object>();
    request.id_runs.push_back({given.Get("first").ToNumber(), given.Get("ranges").ToNumber()});
  }
  const auto trees = options.Get("trees").As<Napi::Array>();
  for (uint32_t i = 0; i < trees.Length(); ++i) {
    const auto given = trees.Get(i).As<Napi::Object>();
    request.trees.push_back({given.Get("path").ToString(), given.Get("recursive").ToBoolean(),
                             given.Get("mapped").ToBoolean(), given.Get("image").ToBoolean(),
                             device_nodes(given.Get("devices"))});
  }
  request.cgroup = options.Get("cgroup").ToNumber();
  request.oom_score_adj = options.Get("oomScoreAdj").ToString();
  const auto tasks = options.Get("cgroupTasks").As<Napi::Array>();
  for (uint32_t i = 0; i < tasks.Length(); ++i) {
    const auto given = tasks.Get(i).As<Napi::Object>();
    request.cgroup_tasks.push_back({given.Get("path").ToString(), given.Get("step").ToNumber()});
  }
  request.network = netlink_program(options.Get("network"));
  request.ports = port_claims(options.Get("ports"));
  const auto user_network = options.Get("userNetwork").As<Napi::Buffer<uint8_t>>();
  request.user_network.assign(user_network.Data(), user_network.Data() + user_network.Length());
  const auto plan = options.Get("plan").As<Napi::Buffer<uint8_t>>();
  request.plan.assign(plan.Data(), plan.Data() + plan.Length());
  return request;
}

// beginLaunch(namespaces): the pending process 1 as a descriptor, or -1 while there is no launcher
Napi::Value begin_launch_js(const Napi::CallbackInfo& info) {
  UniqueFd socket = begin_early(static_cast<uint64_t>(info[0].ToNumber().Int64Value()));
  return own(info.Env(), socket);
}

// abandonLaunch(launch): Promise<undefined>
Napi::Value abandon_launch_js(const Napi::CallbackInfo& info) {
  return Task<bool>::run(
      info.Env(), [launch = fd_argument(info, 0)] { return Launching(UniqueFd(launch), {}), true; },
      [](Napi::Env env, bool&) { return env.Undefined(); });
}

Napi::Value launched_js(Napi::Env env, Launched& launched) {
  auto result = Napi::Object::New(env);
  result.Set("pid", launched.pid);
  result.Set("pidfd", own(env, launched.pidfd));
  result.Set("socket", own(env, launched.socket));
  return result;
}

// startInit(options): Promise<{ steps, failure, pid, pidfd, socket, userNetwork }>
Napi::Value start_init_js(const Napi::CallbackInfo& info) {
  return Task<StartedInit>::run(
      info.Env(), [request = start_request(info)] { return start_init(request); },
      [](Napi::Env env, StartedInit& started) {
        auto result = Napi::Object::New(env);
        result.Set("steps", file_results(env, started.steps));
        if (started.failed) result.Set("failure", to_js(env, started.failure));
        result.Set("pid", started.pid);
        result.Set("pidfd", own(env, started.pidfd));
        result.Set("socket", own(env, started.socket));
        if (started.user_network.pid >= 0) result.Set("userNetwork", launched_js(env, started.user_network));
        return Napi::Value(result);
      });
}

// reap(pid, early, steps): Promise<results of steps>; runs file steps while the kernel takes down a child that is
// ending, waits for it, which no other code does, and runs the others
Napi::Value reap_js(const Napi::CallbackInfo& info) {
  const pid_t pid = fd_argument(info, 0);
  return Task<BatchOutcome>::run(
      info.Env(),
      [pid, early = decode_file_steps(bytes_argument(info, 1)), steps = decode_file_steps(bytes_argument(info, 2))] {
        BatchOutcome outcome;
        run_file_steps(early, outcome.graveyard);
        while (waitpid(pid, nullptr, __WALL) < 0)
          if (errno != EINTR) fail("wait for init", "waitpid");
        give_ids_back(pid);
        outcome.results = run_file_steps(steps, outcome.graveyard);
        return outcome;
      },
      batch_outcome);
}

// startWorker({ executable, uidMap, gidMap, denySetgroups, uidHelper, gidHelper }): Promise<{ pid, pidfd, socket }>
Napi::Value start_worker_js(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const int executable = options.Get("executable").ToNumber();
  const IdMaps maps = id_maps(options);
  return Task<Launched>::run(
      info.Env(), [executable, maps] { return start_worker(executable, maps); }, launched_js);
}

// mountImage(path): Promise<fd>
Napi::Value mount_image_js(const Napi::CallbackInfo& info) {
  return Task<UniqueFd>::run(info.Env(), [path = text_argument(info, 0)] { return mount_image(path); }, own);
}

// signal(pid, pidfd or -1, signal): false when the process is gone. Without a pidfd (Linux before 5.2)
// the pid is safe all the same while we have not reaped it.
Napi::Value signal_js(const Napi::CallbackInfo& info) {
  const int pid = fd_argument(info, 0), pidfd = fd_argument(info, 1), number = fd_argument(info, 2);
  long result = -1;
  errno = ENOSYS;
  if (pidfd >= 0) result = syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0);
  if (result != 0 && errno == ENOSYS) result = kill(pid, number);
  if (result != 0 && errno != ESRCH) fail("send signal", "kill");
  return Napi::Boolean::New(info.Env(), result == 0);
}

// createPipe(): [readEnd, writeEnd], both close-on-exec and blocking
Napi::Value create_pipe_js(const Napi::CallbackInfo& info) {
  Pipe pipe = make_pipe();
  auto ends = Napi::Array::New(info.Env(), 2);
  ends.Set(0U, own(info.Env(), pipe.read_end));
  ends.Set(1U, own(info.Env(), pipe.write_end));
  return ends;
}

// growPipe(fd, bytes): whether it has at least that capacity now
Napi::Value grow_pipe_js(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), grow_pipe(fd_argument(info, 0), fd_argument(info, 1)));
}

// createSocketPair(): [one, other], SOCK_SEQPACKET, both close-on-exec and blocking
Napi::Value create_socket_pair_js(const Napi::CallbackInfo& info) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("make socket pair", "socketpair");
  auto ends = Napi::Array::New(info.Env(), 2);
  ends.Set(0U, Napi::Number::New(info.Env(), pair[0]));
  ends.Set(1U, Napi::Number::New(info.Env(), pair[1]));
  return ends;
}

// read(fd, into): bytes read, 0 at the end, -1 when it would block
Napi::Value read_js(const Napi::CallbackInfo& info) {
  size_t got = 0;
  const Transfer transfer = read_some(fd_argument(info, 0), bytes_argument(info, 1), got);
  const double result = transfer == Transfer::kDone ? static_cast<double>(got) : transfer == Transfer::kEnd ? 0 : -1;
  return Napi::Number::New(info.Env(), result);
}

// write(fd, from): bytes written, -1 when it would block
Napi::Value write_js(const Napi::CallbackInfo& info) {
  size_t written = 0;
  const Transfer transfer = write_some(fd_argument(info, 0), bytes_argument(info, 1), written);
  return Napi::Number::New(info.Env(), transfer == Transfer::kDone ? static_cast<double>(written) : -1);
}

// send(socket, message, fds): 1 sent, 0 would block, -1 the other side is gone
Napi::Value send_js(const Napi::CallbackInfo& info) {
  const int socket = fd_argument(info, 0);
  const Packed packed = pack(bytes_argument(info, 1));
  std::vector<int> fds;
  if (packed.body) fds.push_back(packed.body.get());
  const auto listed = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < listed.Length(); ++i) fds.push_back(listed.Get(i).ToNumber());
  if (fds.size() > protocol::kMaxDescriptors) throw Napi::RangeError::New(info.Env(), "Too many descriptors");
  const Transfer transfer = send_message(socket, packed.message, fds);
  return Napi::Number::New(info.Env(), transfer == Transfer::kDone ? 1 : transfer == Transfer::kEnd ? -1 : 0);
}

// receive(socket): { message, fds }, null at the end, undefined when it would block
Napi::Value receive_js(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Received received;
  const Transfer transfer = receive_message(fd_argument(info, 0), received);
  if (transfer == Transfer::kWouldBlock) return env.Undefined();
  if (transfer == Transfer::kEnd) return env.Null();
  auto result = Napi::Object::New(env);
  result.Set("message", Napi::Buffer<uint8_t>::Copy(env, received.message.data(), received.message.size()));
  auto fds = Napi::Array::New(env, received.fds.size());
  for (size_t i = 0; i < received.fds.size(); ++i) fds.Set(static_cast<uint32_t>(i), own(env, received.fds[i]));
  result.Set("fds", fds);
  return result;
}

// setWindowSize(fd, columns, rows)
Napi::Value set_window_size_js(const Napi::CallbackInfo& info) {
  const winsize size{static_cast<unsigned short>(fd_argument(info, 2)), static_cast<unsigned short>(fd_argument(info, 1)),
                     0, 0};
  if (ioctl(fd_argument(info, 0), TIOCSWINSZ, &size) != 0) fail("resize terminal", "ioctl(TIOCSWINSZ)");
  return info.Env().Undefined();
}

std::vector<std::string> texts_argument(const Napi::Value& value) {
  std::vector<std::string> texts;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) texts.push_back(list.Get(i).ToString());
  return texts;
}

// readAll(fds): Promise<texts>; files that are kept open, each read from its start, empty where that fails
Napi::Value read_all_js(const Napi::CallbackInfo& info) {
  std::vector<int> fds;
  const auto list = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) fds.push_back(list.Get(i).ToNumber());
  return Task<std::vector<std::string>>::run(
      info.Env(), [fds = std::move(fds)] { return read_all(fds); },
      [](Napi::Env env, std::vector<std::string>& texts) {
        auto result = Napi::Array::New(env, texts.size());
        for (uint32_t i = 0; i < texts.size(); ++i) result.Set(i, texts[i]);
        return Napi::Value(result);
      });
}

// listProcesses(init, id, groups): Promise<{ processes, uidMap, passwd, pageBytes, ticksPerSecond }>
Napi::Value list_processes_js(const Napi::CallbackInfo& info) {
  const auto bytes = [](Napi::Env env, const std::string& text) {
    return Napi::Buffer<char>::Copy(env, text.data(), text.size());
  };
  return Task<ProcessList>::run(
      info.Env(),
      [request = ListRequest{fd_argument(info, 0), text_argument(info, 1), texts_argument(info[2])}] {
        return list_processes(request);
      },
      [bytes](Napi::Env env, ProcessList& list) {
        auto processes = Napi::Array::New(env, list.processes.size());
        for (uint32_t i = 0; i < list.processes.size(); ++i) {
          auto process = Napi::Object::New(env);
          process.Set("pid", list.processes[i].pid);
          process.Set("stat", bytes(env, list.processes[i].stat));
          process.Set("status", bytes(env, list.processes[i].status));
          process.Set("cmdline", bytes(env, list.processes[i].cmdline));
          processes.Set(i, process);
        }
        auto result = Napi::Object::New(env);
        result.Set("processes", processes);
        result.Set("uidMap", list.uid_map);
        result.Set("passwd", bytes(env, list.passwd));
        result.Set("pageBytes", static_cast<double>(sysconf(_SC_PAGESIZE)));
        result.Set("ticksPerSecond", static_cast<double>(sysconf(_SC_CLK_TCK)));
        return Napi::Value(result);
      });
}

// watchOom(directory): fd, readable when the v1 memory group is out of memory
Napi::Value watch_oom_js(const Napi::CallbackInfo& info) {
  UniqueFd event = watch_oom(text_argument(info, 0));
  return own(info.Env(), event);
}

// landlockAbi(): the newest Landlock ABI of this kernel, 0 without Landlock (landlock_create_ruleset(2))
Napi::Value landlock_abi_js(const Napi::CallbackInfo& info) {
  constexpr unsigned kVersion = 1;
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersion);
  return Napi::Number::New(info.Env(), abi > 0 ? static_cast<double>(abi) : 0);
}

// securityModules(): the ids of the active ones, undefined without lsm_list_modules(2)
Napi::Value security_modules_js(const Napi::CallbackInfo& info) {
  uint64_t ids[64];
  uint32_t size = sizeof ids;
  const long count = syscall(SYS_lsm_list_modules, ids, &size, 0);
  if (count < 0) return info.Env().Undefined();
  auto list = Napi::Array::New(info.Env(), static_cast<size_t>(count));
  for (uint32_t i = 0; i < static_cast<uint32_t>(count); ++i)
    list.Set(i, Napi::Number::New(info.Env(), static_cast<double>(ids[i])));
  return list;
}

// hasSystemCall(number): whether the kernel, and any filter on this process, knows it
Napi::Value has_system_call_js(const Napi::CallbackInfo& info) {
  errno = 0;
  syscall(fd_argument(info, 0), -1L, -1L, -1L, -1L, -1L, -1L);
  return Napi::Boolean::New(info.Env(), errno != ENOSYS);
}

// duplicate(fd): another descriptor for the same open file, close-on-exec
Napi::Value duplicate_js(const Napi::CallbackInfo& info) {
  UniqueFd copy(fcntl(fd_argument(info, 0), F_DUPFD_CLOEXEC, 0));
  if (!copy) fail("duplicate descriptor", "fcntl(F_DUPFD_CLOEXEC)");
  return own(info.Env(), copy);
}

// closeInBackground(fds)
Napi::Value close_in_background_js(const Napi::CallbackInfo& info) {
  const auto listed = info[0].As<Napi::Array>();
  std::vector<UniqueFd> fds;
  for (uint32_t i = 0; i < listed.Length(); ++i) fds.emplace_back(listed.Get(i).ToNumber().Int32Value());
  Closing::run(info.Env(), std::move(fds));
  return info.Env().Undefined();
}

// close(fd): descriptors received or made here are ours to close, also without fs's bookkeeping
Napi::Value close_js(const Napi::CallbackInfo& info) {
  close(fd_argument(info, 0));
  return info.Env().Undefined();
}

Napi::Object define(Napi::Env env, Napi::Object exports) {
  exports.Set("FdPoll", FdPoll::define(env));
  exports.Set("SyscallObserver", SyscallObserverJs::define(env));
  const struct {
    const char* name;
    Napi::Value (*body)(const Napi::CallbackInfo&);
  } functions[] = {
      {"sealExecutable", guard<seal_executable_js>}, {"connect", guard<connect_js>},
      {"beginLaunch", guard<begin_launch_js>},       {"abandonLaunch", guard<abandon_launch_js>},
      {"files", guard<files_js>},                    {"startInit", guard<start_init_js>},
      {"startWorker", guard<start_worker_js>},       {"mountImage", guard<mount_image_js>},
      {"reap", guard<reap_js>},                                            {"signal", guard<signal_js>},
      {"createPipe", guard<create_pipe_js>},
      {"growPipe", guard<grow_pipe_js>},
      {"createSocketPair", guard<create_socket_pair_js>}, {"read", guard<read_js>},
      {"write", guard<write_js>},                    {"send", guard<send_js>},
      {"receive", guard<receive_js>},                {"setWindowSize", guard<set_window_size_js>},
      {"hasSystemCall", guard<has_system_call_js>},  {"close", guard<close_js>},                    {"landlockAbi", guard<landlock_abi_js>},
      {"securityModules", guard<security_modules_js>},
      {"duplicate", guard<duplicate_js>},            {"closeInBackground", guard<close_in_background_js>},
      {"readAll", guard<read_all_js>},               {"listProcesses", guard<list_processes_js>},
      {"watchOom", guard<watch_oom_js>},
      {"bpf", guard<bpf_js>},                        {"openInRoot", guard<open_in_root_js>},
      {"netlink", guard<netlink_js>},                {"interfaceIndex", guard<interface_index_js>},
  };
  for (const auto& function : functions) exports.Set(function.name, Napi::Function::New(env, function.body, function.name));
  define_transfers(env, exports);
  return exports;
}

}  // namespace
}  // namespace containerv

static Napi::Object define_addon(Napi::Env env, Napi::Object exports) { return containerv::define(env, exports); }
NODE_API_MODULE(containerv, define_addon)
