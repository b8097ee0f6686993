#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

#include "descendants.h"
#include "rooted_path.h"
#include "terminal.h"
#include "transfer_agent.h"

namespace containerv {
namespace {

using namespace protocol;

// What an epoll event is about: the kind in the high half, a descriptor or pid in the low one.
enum Kind : uint64_t { kSignals = 1, kListener = 2, kClient = 3, kStarting = 4, kGrace = 5, kStops = 6, kArrivals = 7, kCalls = 8, kWaits = 9, kLog = 40 };

uint64_t tag(Kind kind, uint32_t id) { return static_cast<uint64_t>(kind) << 32 | id; }

bool watch(int epoll, int fd, Kind kind, uint32_t id, uint32_t events = EPOLLIN) {
  epoll_event event{events, {.u64 = tag(kind, id)}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

uint64_t microseconds(const timeval& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1000000 + static_cast<uint64_t>(time.tv_usec);
}

bool make_pipe(UniqueFd& read_end, UniqueFd& write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  return true;
}

constexpr uint32_t kKnownSpawnFlags =
    kTty | kSurvivesClient | kJobControl | kStderrApart | kClosedStdin | kClosedStdout | kClosedStderr | kObserved;

}  // namespace

Supervisor::Supervisor(Settings settings, UniqueFd listener, UniqueFd owner)
    : settings_(static_cast<Settings&&>(settings)),
      listener_(static_cast<UniqueFd&&>(listener)),
      clients_(new (std::nothrow) Client(static_cast<UniqueFd&&>(owner), true)) {}

Supervisor::~Supervisor() {
  while (clients_) {
    Client* first = clients_;
    clients_ = first->next;
    delete first;
  }
}

bool Supervisor::open(Failure& failure) {
  const char* step = "start supervisor";
  if (!clients_ || !processes_.open()) return failure.set(step, "mmap");
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  signals_.reset(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!signals_ || !epoll_) return failure.set(step, "signalfd");
  const int owner = clients_->socket();
  if (fcntl(owner, F_SETFL, O_NONBLOCK) != 0 || fcntl(listener_.get(), F_SETFL, O_NONBLOCK) != 0)
    return failure.set(step, "fcntl");
  if (!watch(epoll_.get(), signals_.get(), kSignals, 0) || !watch(epoll_.get(), listener_.get(), kListener, 0) ||
      !watch(epoll_.get(), owner, kClient, static_cast<uint32_t>(owner)))
    return failure.set(step, "epoll_ctl");
  return settings_.sockets->any() ? open_broker(failure) : true;
}

bool Supervisor::open_broker(Failure& failure) {
  if (!broker_.open({settings_.sockets, settings_.proc, settings_.ruleset}, failure)) return false;
  calls_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  return (calls_ && watch(epoll_.get(), broker_.arrivals(), kArrivals, 0) &&
          watch(epoll_.get(), calls_.get(), kWaits, 0)) ||
         failure.set("enforce socket rules", "epoll_ctl");
}

bool Supervisor::send_ready(const char* status) {
  report_ = status;
  WireWriter ready(kReady, 0);
  ready.u32(kVersion);
  ready.text(status);
  return clients_->send(ready.message());
}

void Supervisor::run() {
  for (;;) {
    if (more_to_reap_) reap();
    // One event at a time: handling it may free what the next one would have been about.
    epoll_event event;
    if (epoll_wait(epoll_.get(), &event, 1, more_to_reap_ ? 0 : -1) != 1) continue;
    const auto id = static_cast<int>(event.data.u64 & 0xffffffff);
    switch (event.data.u64 >> 32) {
      case kSignals: {
        signalfd_siginfo ignored;
        while (read(signals_.get(), &ignored, sizeof ignored) > 0) {
        }
        reap();
        break;
      }
      case kListener: accept_clients(); break;
      case kLog:
        if (Log* log = logs_.find(static_cast<uint32_t>(id))) take_log(log);
        break;
      case kGrace: kill_everything(SIGKILL); break;
      case kArrivals: {
        const int listener = broker_.take_arrival();
        if (listener >= 0 && !watch(epoll_.get(), listener, kCalls, static_cast<uint32_t>(listener)))
          broker_.forget(listener);
        break;
      }
      case kCalls: answer_calls(id, event.events); break;
      case kWaits: look_after_calls(); break;
      case kStarting:
        if (Process* process = processes_.find(id)) settle_start(process);
        break;
      case kStops:
        if (Process* process = processes_.find(id)) relay_stop(process);
        break;
      case kClient:
        for (Client* client = clients_; client; client = client->next) {
          if (client->socket() != id) continue;
          if (event.events & EPOLLOUT && !client->flush())
            drop(client);
          else if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            serve(client);
          else
            watch_output(client);
          break;
        }
        break;
    }
  }
}

void Supervisor::answer_calls(int listener, uint32_t events) {
  if (events & EPOLLIN && paused_) {
    // Until it is taken, a call keeps nobody from standing still. resume_calls() watches again.
    epoll_event none{0, {.u64 = tag(kCalls, static_cast<uint32_t>(listener))}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener, &none);
  } else if (events & EPOLLIN) {
    if (broker_.take_call(listener, own_policies_.get())) await_calls(true);
  } else {
    // Explicitly: children that answer hold the description, too.
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener, nullptr);
    broker_.forget(listener);
  }
}

void Supervisor::resume_calls() {
  broker_.each_listener([this](int listener) {
    epoll_event event{EPOLLIN, {.u64 = tag(kCalls, static_cast<uint32_t>(listener))}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener, &event);
  });
}

void Supervisor::look_after_calls() {
  uint64_t ticks;
  if (read(calls_.get(), &ticks, sizeof ticks) > 0 && !broker_.look_after(paused_)) await_calls(false);
}

void Supervisor::await_calls(bool wait) {
  if (wait == calls_waited_for_) return;
  constexpr timespec kEvery{0, 50'000'000};
  const itimerspec when = wait ? itimerspec{kEvery, kEvery} : itimerspec{};
  calls_waited_for_ = timerfd_settime(calls_.get(), 0, &when, nullptr) == 0 && wait;
}

void Supervisor::accept_clients() {
  UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  // The directory's mode keeps others out already; this also holds if somebody opens it up.
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  // Not 0 either: that is the root of this container. A host user who has no id in here is seen as the overflow id,
  // whoever it is, and then the mode of the socket's file alone tells users apart.
  if (peer.uid != settings_.owner) return;
  const int fd = socket.get();
  auto* client = new (std::nothrow) Client(static_cast<UniqueFd&&>(socket), false);
  if (!client) return;
  if (!watch(epoll_.get(), fd, kClient, static_cast<uint32_t>(fd))) {
    delete client;
    return;
  }
  client->next = clients_;
  clients_ = client;
}

void Supervisor::serve(Client* client) {
  switch (message_.receive(client->socket())) {
    case Message::Result::kNothing: return;
    case Message::Result::kClosed:
      // It may have brought descriptors all the same.
      message_.release();
      return drop(client);
    case Message::Result::kMessage: break;
  }
  switch (message_.type()) {
    case kSpawn:
    case kSpawnJoined: spawn(client, message_); break;
    case kKill: kill_process(client, message_); break;
    case kStop: stop(client, message_); break;
    case kStatus: report_status(client, message_); break;
    case kDescribe: describe(client, message_); break;
    case kPause: pause(client, message_); break;
    case kHold: hold(client, message_); break;
    case kJudgeFiles: judge_files(client, message_); break;
    case kTransfer: start_transfer(client, message_); break;
    case kOpenMemory: open_memory(client, message_); break;
    case kOpenLog: open_log(client, message_); break;
    case kNameLog: name_log(client, message_); break;
    case kReadLog: read_log(client, message_); break;
    case kForgetLog: forget_log(client, message_); break;
    default: drop(client);
  }
  // Descriptors that came with it and were not passed on must not stay open here.
  message_.release();
}

void Supervisor::drop(Client* client) {
  if (pausing_ == client) pausing_ = nullptr;
  for (Process* process = processes_.first(); process; process = process->next) {
    if (process->client != client) continue;
    process->client = nullptr;
    if (!process->survives_client) kill_job(process);
  }
  for (Log* log = logs_.first(); log; log = log->next) log->forget(client);
  const bool owner_gone = client->owner() && !settings_.detached;
  for (Client** link = &clients_; *link; link = &(*link)->next) {
    if (*link != client) continue;
    *link = client->next;
    // Explicitly: a child that has not executed yet still holds the description, and closing ours would not do.
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, client->socket(), nullptr);
    delete client;
    break;
  }
  if (owner_gone) end();
}

void Supervisor::kill_job(const Process* process) {
  // One that is starting has told its own id, if it has one, but may not have taken its group yet.
  const pid_t command = process->report && process->report->command > 0 ? process->report->command : process->command;
  for (const pid_t pid : {command, process->pid})
    if (pid > 0) ::kill(-pid, SIGKILL), ::kill(pid, SIGKILL);
}

void Supervisor::answer(Client* client, std::span<const uint8_t> message, UniqueFd fd) {
  // A client that cannot be told is closed; its next event, an end of file, drops it in its turn.
  if (!client->send(message, static_cast<UniqueFd&&>(fd)))
    shutdown(client->socket(), SHUT_RDWR);
  else
    watch_output(client);
}

void Supervisor::watch_output(Client* client) {
  if (client->watched_for_output == client->waiting()) return;
  client->watched_for_output = client->waiting();
  const uint32_t events = client->waiting() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_event event{events, {.u64 = tag(kClient, static_cast<uint32_t>(client->socket()))}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, client->socket(), &event);
}

void Supervisor::answer_failure(Client* client, uint32_t request, const Failure& failure) {
  answer(client, failed_message(failure, request).message());
}

void Supervisor::spawn(Client* client, Message& message) {
  Failure failure;
  SpawnRequest request;
  WireReader reader(message.body());
  auto descriptors = message.descriptors();
  const bool decoded = request.decode(reader);
  const bool tty = request.flags & kTty;
  if (!decoded || !arrange_stdio(request.flags, descriptors) ||
      (request.flags & kObserved && (tty || stdio_count_ < 4 || request.observer_pass == 0))) {
    failure.set(EBADMSG, "decode spawn request", "recvmsg");
    return answer_failure(client, message.request(), failure);
  }
  if (message.type() == kSpawnJoined && !request.complete(settings_.defaults)) {
    failure.set(ENOMEM, "start process", "calloc");
    return answer_failure(client, message.request(), failure);
  }
  if (request.own_policy != 0 && !own_policies_) {
    failure.set(EOPNOTSUPP, "apply file rules", "bpf");
    return answer_failure(client, message.request(), failure);
  }
  // A task has one listener (seccomp(2)).
  if (request.observer_pass != 0 && broker_.is_open()) {
    failure.set(EBUSY, "load seccomp filter", "seccomp");
    return answer_failure(client, message.request(), failure);
  }
  if (stopping_) {
    failure.set(ESHUTDOWN, "start process", "fork");
    return answer_failure(client, message.request(), failure);
  }
  if (paused_) {
    failure.set(EBUSY, "start process", "fork");
    return answer_failure(client, message.request(), failure);
  }
  Terminal terminal;
  if (tty && !open_terminal(request.columns, request.rows, terminal, failure))
    return answer_failure(client, message.request(), failure);
  if (tty)
    for (size_t i = 0; i < stdio_count_; ++i)
      if (stdio_[i] < 0) stdio_[i] = terminal.peer.get();

  UniqueFd alive_here, alive_there, stops_here, stops_there;
  const bool led = tty && request.flags & kJobControl;
  if (!make_pipe(alive_here, alive_there) || (led && !make_pipe(stops_here, stops_there))) {
    failure.set("start process", "pipe2");
    return answer_failure(client, message.request(), failure);
  }
  Process* process = processes_.add();
  if (!process) {
    failure.set("start process", "mmap");
    return answer_failure(client, message.request(), failure);
  }
  const Confinement& confinement = request.own_confinement ? request.confinement : settings_.confinement;
  const pid_t pid = fork();
  if (pid == 0) {
    const ChildPipes pipes{alive_there.get(), settings_.ruleset, stops_there.get(), broker_.hand()};
    const FilePrograms programs{files_judged_, own_policies_.get()};
    run_child(request, confinement, settings_.confinement.capabilities, {stdio_, stdio_count_}, pipes, programs, broker_,
              *process->report);
  }
  if (pid < 0) {
    failure.set("start process", "fork");
    processes_.remove(process);
    return answer_failure(client, message.request(), failure);
  }
  process->pid = process->command = pid;
  process->job_control = request.flags & kJobControl;
  process->request = message.request();
  process->client = client;
  process->survives_client = request.flags & kSurvivesClient;
  process->terminal = static_cast<UniqueFd&&>(terminal.master);
  process->alive = static_cast<UniqueFd&&>(alive_here);
  process->stops = static_cast<UniqueFd&&>(stops_here);
  alive_there.reset();
  const auto id = static_cast<uint32_t>(pid);
  if (!watch(epoll_.get(), process->alive.get(), kStarting, id) ||
      (process->stops && !watch(epoll_.get(), process->stops.get(), kStops, id)))
    ::kill(pid, SIGKILL);
}

// Which descriptors a process is to get, -1 for those that it takes from its terminal or that are to be
// closed. False when they do not match the flags.
bool Supervisor::arrange_stdio(uint32_t flags, std::span<const UniqueFd> descriptors) {
  const bool tty = flags & kTty;
  const uint32_t closed = flags & (kClosedStdin | kClosedStdout | kClosedStderr);
  if (flags & ~kKnownSpawnFlags || (tty ? closed != 0 : (flags & kStderrApart) != 0)) return false;
  size_t taken = 0;
  stdio_count_ = 0;
  for (uint32_t i = 0; i < 3; ++i) {
    const bool absent = tty ? i < 2 || !(flags & kStderrApart) : (closed & (kClosedStdin << i)) != 0;
    if (!absent && taken == descriptors.size()) return false;
    stdio_[stdio_count_++] = absent ? -1 : descriptors[taken++].get();
  }
  if (tty) return taken == descriptors.size();
  while (taken < descriptors.size() && stdio_count_ < kMaxDescriptors) stdio_[stdio_count_++] = descriptors[taken++].get();
  return taken == descriptors.size();
}

// The child has either executed its program or died: its report is final.
void Supervisor::settle_start(Process* process) {
  if (!process->alive) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, process->alive.get(), nullptr);
  process->alive.reset();
  const ChildReport report = *process->report;
  if (report.command > 0) process->command = report.command;
  processes_.release_report(process);
  Client* client = process->client;
  if (!client) return;
  if (report.step == ChildStep::kNone) {
    WireWriter spawned(kSpawned, process->request);
    spawned.u32(static_cast<uint32_t>(process->command));
    spawned.text(report.missed.text);
    return answer(client, spawned.message(), static_cast<UniqueFd&&>(process->terminal));
  }
  Failure failure;
  failure.set(report.error, step_name(report.step), report.syscall, report.path);
  memcpy(failure.detail, report.detail, sizeof report.detail);
  answer_failure(client, process->request, failure);
  process->client = nullptr;  // its exit status is the failure just told
}

// A container can leave us orphans faster than we reap them. They wait their turn with everything else: the end of the
// owner above all must not go unseen.
void Supervisor::reap() {
  constexpr int kReapedAtOnce = 64;
  more_to_reap_ = false;
  for (int reaped = 0; reaped < kReapedAtOnce; ++reaped) {
    int status;
    rusage usage;
    const pid_t pid = wait4(-1, &status, WNOHANG | WUNTRACED | __WALL, &usage);
    if (pid == 0) return;
    if (pid < 0) {
      if (errno == ECHILD && stopping_) end();
      return;
    }
    if (broker_.ended(pid)) {
      settle_pause();
      continue;
    }
    Process* process = processes_.find(pid);
    if (WIFSTOPPED(status)) {
      if (process && process->job_control) report_stop(process, WSTOPSIG(status));
      continue;
    }
    if (!process) continue;  // an orphan of the container, adopted
    settle_start(process);
    if (process->client) {
      WireWriter exited(kExited, process->request);
      exited.u32(static_cast<uint32_t>(status));
      exited.u64(microseconds(usage.ru_utime));
      exited.u64(microseconds(usage.ru_stime));
      for (const long figure : {usage.ru_maxrss, usage.ru_minflt, usage.ru_majflt, usage.ru_inblock, usage.ru_oublock,
                                usage.ru_nvcsw, usage.ru_nivcsw})
        exited.u64(static_cast<uint64_t>(figure));
      answer(process->client, exited.message());
    }
    // Explicitly, as in drop().
    if (process->stops) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, process->stops.get(), nullptr);
    processes_.remove(process);
  }
  more_to_reap_ = true;
}

// Told only of what the client knows to run.
void Supervisor::report_stop(Process* process, int signal) {
  if (!process->client || process->alive) return;
  WireWriter stopped(kStopped, process->request);
  stopped.u32(static_cast<uint32_t>(signal));
  answer(process->client, stopped.message());
}

void Supervisor::relay_stop(Process* process) {
  uint8_t signal;
  if (read(process->stops.get(), &signal, 1) == 1) return report_stop(process, signal);
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, process->stops.get(), nullptr);
  process->stops.reset();
}

void Supervisor::kill_process(Client* client, const Message& message) {
  WireReader reader(message.body());
  const int32_t pid = reader.i32();
  const uint32_t signal = reader.u32();
  const uint32_t flags = reader.u32();
  Failure failure;
  // Never ourselves, never "everyone" (0, -1); without a pid namespace, never a process of the host.
  const bool allowed = reader.finished() && pid > 1 && signal <= static_cast<uint32_t>(SIGRTMAX) &&
                       (settings_.pid_namespace || processes_.find_command(pid));
  if (!allowed) {
    failure.set(reader.finished() ? ESRCH : EBADMSG, "send signal", "kill");
    return answer_failure(client, message.request(), failure);
  }
  if (::kill(flags & kWholeGroup ? -pid : pid, static_cast<int>(signal)) != 0) {
    failure.set("send signal", "kill");
    return answer_failure(client, message.request(), failure);
  }
  answer(client, WireWriter(kDone, message.request()).message());
}

void Supervisor::report_status(Client* client, const Message& message) {
  WireWriter report(kStatusReport, message.request());
  report.u32(processes_.size());
  report.u32(paused_);
  report.text(report_);
  report.text(description_);
  answer(client, report.message());
}

// What the driver wants clients that join later to know. No answer: it is sent before any can ask, or because something
// has changed.
void Supervisor::describe(Client* client, const Message& message) {
  WireReader reader(message.body());
  const char* text = reader.text();
  if (!reader.finished()) return drop(client);
  snprintf(description_, sizeof description_, "%s", text);
}

// The driver has the others stand still, or is about to; we only start no more of them.
void Supervisor::pause(Client* client, Message& message) {
  WireReader reader(message.body());
  const bool paused = reader.u32() != 0;
  const char* word = reader.text();
  if (!reader.finished() || (paused && message.descriptors().empty())) return drop(client);
  paused_ = paused;
  if (paused)
    freezer_.hold(static_cast<UniqueFd&&>(message.descriptors()[0]), word);
  else
    freezer_.release(), resume_calls();
  WireWriter told(kPaused, 0);
  told.u32(paused);
  for (Client* each = clients_; each; each = each->next) answer(each, told.message());
  settle_pause();
  pausing_ = client;
  pausing_request_ = message.request();
  // Children that make calls would stand still with the others, and their callers wait for them.
  if (paused) broker_.look_after(true);
  settle_pause();
}

// After the news: who asked knows whose doing that was.
void Supervisor::settle_pause() {
  if (!pausing_ || (paused_ && broker_.anybody_waits())) return;
  Client* const client = pausing_;
  pausing_ = nullptr;
  answer(client, WireWriter(kDone, pausing_request_).message());
}

// Programs of the kernel that judge this container's files live as long as somebody has them open, and what they judge
// by as long as the files are known: for both, that is to be us. The owner sees by what we open that they are asked.
void Supervisor::hold(Client* client, Message& message) {
  if (!message.body().empty()) return drop(client);
  for (auto& fd : message.descriptors()) static_cast<void>(fd.release());
  const UniqueFd seen(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  answer(client, WireWriter(kDone, message.request()).message());
}

void Supervisor::judge_files(Client* client, Message& message) {
  WireReader reader(message.body());
  const bool judged = reader.u32() != 0;
  if (!client->owner() || !reader.finished() || message.descriptors().size() > 1) return drop(client);
  files_judged_ = judged;
  own_policies_.reset();
  if (!message.descriptors().empty()) own_policies_ = static_cast<UniqueFd&&>(message.descriptors()[0]);
  answer(client, WireWriter(kDone, message.request()).message());
}

// For whoever may connect, who is who made the container: for anybody inside there is no path to it.
void Supervisor::open_memory(Client* client, const Message& message) {
  if (!message.body().empty()) return drop(client);
  Failure failure;
  UniqueFd memory(settings_.memory ? fcntl(settings_.memory.get(), F_DUPFD_CLOEXEC, 0) : (errno = ENOENT, -1));
  if (!memory) {
    failure.set("open memory", "fcntl");
    return answer_failure(client, message.request(), failure);
  }
  answer(client, WireWriter(kDone, message.request()).message(), static_cast<UniqueFd&&>(memory));
}

void Supervisor::open_log(Client* client, const Message& message) {
  WireReader reader(message.body());
  const uint64_t bytes = reader.u64();
  if (!reader.finished()) return drop(client);
  Failure failure;
  UniqueFd writer;
  Log* log = logs_.open(bytes, writer, failure);
  if (log && !watch(epoll_.get(), log->pipe(), kLog, log->number)) {
    failure.set("open log", "epoll_ctl");
    logs_.remove(log);
    log = nullptr;
  }
  if (!log) return answer_failure(client, message.request(), failure);
  WireWriter opened(kDone, message.request());
  opened.u32(log->number);
  answer(client, opened.message(), static_cast<UniqueFd&&>(writer));
}

void Supervisor::name_log(Client* client, const Message& message) {
  WireReader reader(message.body());
  Log* log = logs_.find(reader.u32());
  const int32_t pid = reader.i32();
  if (!reader.finished()) return drop(client);
  if (log && pid > 1) log->pid = pid;
}

void Supervisor::read_log(Client* client, const Message& message) {
  WireReader reader(message.body());
  const int32_t pid = reader.i32();
  const uint64_t position = reader.u64();
  const bool wait = reader.u32() != 0;
  if (!reader.finished()) return drop(client);
  Failure failure;
  Log* log = logs_.of_process(pid, failure);
  if (!log) return answer_failure(client, message.request(), failure);
  if (!wait || log->ended() || log->has(position)) return give_log(client, message.request(), *log, position);
  if (log->wait({client, message.request(), position})) return;
  failure.set(EAGAIN, "read log", "read");
  answer_failure(client, message.request(), failure);
}

void Supervisor::forget_log(Client* client, const Message& message) {
  for (Log* log = logs_.first(); log; log = log->next) log->forget(client, message.request());
}

void Supervisor::give_log(Client* client, uint32_t request, const Log& log, uint64_t position) {
  static transfer::Packer piece;
  piece.clear();
  piece.u32(kLogged);
  piece.u32(request);
  log.pack(position, piece);
  answer(client, piece.packed());
}

// One piece a turn, so that a process that floods its log gets no more of our time than any other event.
void Supervisor::take_log(Log* log) {
  if (!log->take()) {
    // Explicitly: a child that has not executed yet still holds the description, and closing ours would not do.
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, log->pipe(), nullptr);
    log->end();
  }
  Log::Waiter waiter;
  while (log->next_waiter(waiter)) give_log(waiter.client, waiter.request, *log, waiter.position);
}

// Not among the processes: the driver is not told of its end but by the end of its socket.
void Supervisor::start_transfer(Client* client, Message& message) {
  Failure failure;
  const auto descriptors = message.descriptors();
  if (!message.body().empty() || descriptors.size() != 1) return drop(client);
  if (stopping_) {
    failure.set(ESHUTDOWN, "start transfer", "fork");
    return answer_failure(client, message.request(), failure);
  }
  if (paused_) {
    failure.set(EBUSY, "start transfer", "fork");
    return answer_failure(client, message.request(), failure);
  }
  const pid_t pid = fork();
  if (pid == 0) run_transfer_agent(descriptors[0].get(), settings_.proc);
  if (pid < 0) {
    failure.set("start transfer", "fork");
    return answer_failure(client, message.request(), failure);
  }
  answer(client, WireWriter(kDone, message.request()).message());
}

// Signals every process, waits for them up to the grace time, then kills what is left and ends.
void Supervisor::stop(Client* client, const Message& message) {
  WireReader reader(message.body());
  const uint32_t signal = reader.u32();
  const uint64_t grace_ms = reader.u64();
  if (!reader.finished() || signal > static_cast<uint32_t>(SIGRTMAX)) return drop(client);
  stopping_ = true;
  answer(client, WireWriter(kDone, message.request()).message());
  if (signal == SIGKILL || grace_ms == 0) end();
  grace_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const itimerspec when{{0, 0}, {static_cast<time_t>(grace_ms / 1000), static_cast<long>(grace_ms % 1000) * 1000000}};
  if (!grace_ || timerfd_settime(grace_.get(), 0, &when, nullptr) != 0 || !watch(epoll_.get(), grace_.get(), kGrace, 0))
    end();
  kill_everything(static_cast<int>(signal));
  reap();
}

void Supervisor::kill_everything(int signal) {
  if (settings_.pid_namespace) {
    ::kill(-1, signal);
    if (signal == SIGKILL) end();
    // What stands still handles no signal.
    freezer_.thaw();
    return;
  }
  for (Process* process = processes_.first(); process; process = process->next) ::kill(-process->command, signal);
  if (signal == SIGKILL) end();
  freezer_.thaw();
}

// Without a pid namespace we are a subreaper: every orphan below us becomes our child, so killing our
// children until there are none ends them all.
void Supervisor::end() {
  freezer_.thaw();
  if (!settings_.pid_namespace) kill_descendants(settings_.proc);
  _exit(0);
}

}  // namespace containerv
