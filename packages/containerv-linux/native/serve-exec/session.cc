#include "session.h"

#include <sys/signalfd.h>

#include <initializer_list>

#include "../common/protocol.h"
#include "../common/wire.h"
#include "errors.h"
#include "line.h"
#include "runtime.h"
#include "spawn_message.h"

namespace containerv {
namespace {

using namespace protocol;

constexpr long kKillGraceMs = 5000;
constexpr int kSignalBase = 128;
constexpr int kPartsBeforeStop = 64;

// What a terminal sends, it sends to a whole process group; so it arrives at the command's whole group.
constexpr int kFromTerminal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
constexpr int kToOne[] = {SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

bool reaches_group(int signal) {
  for (const int one : kFromTerminal)
    if (one == signal) return true;
  return false;
}

}  // namespace

int Session::run() {
  // What we say may have no reader any more; that must not take the place of the command's status.
  sys::change_mask(SIG_BLOCK, sys::bit(SIGPIPE));
  // Before anything is opened, which would take the place of one that is closed.
  for (int fd = 0; fd < 3; ++fd) {
    if (sys::fcntl(fd, F_GETFD) != -EBADF) continue;
    fillers_ |= 1 << fd;
    if (sys::open("/dev/null", O_RDWR) != fd) return 125;
  }
  int status = 125;
  if (!connection_.open(line_.container, environment_, status)) return status;
  take_signals();
  if (!start(status)) return status;
  for (;;) {
    pollfd watched[4] = {
        {connection_.socket(), POLLIN, 0},
        {signals_.get(), POLLIN, 0},
        {terminal_.keys(), POLLIN, 0},
        {terminal_.master(), static_cast<short>(terminal_.has_pending() ? POLLIN | POLLOUT : POLLIN), 0},
    };
    const long now = deadline_ms_ < 0 ? 0 : sys::now_ms();
    const long wait = deadline_ms_ < 0 ? -1 : deadline_ms_ > now ? deadline_ms_ - now : 0;
    if (sys::poll(watched, 4, wait) < 0) continue;
    if (watched[3].revents & POLLOUT) terminal_.write_keys();
    if (watched[3].revents & (POLLIN | POLLHUP | POLLERR)) terminal_.copy_output();
    if (watched[2].revents) terminal_.read_keys();
    if (watched[1].revents) serve_signals();
    if (watched[0].revents && !serve_init(status)) return status;
    if (deadline_ms_ >= 0) serve_deadline();
  }
}

// One that was ignored when we started stays so: nohup(1), or a job that a script put into the background.
void Session::take_signals() {
  for (const auto& group : {std::span<const int>(kFromTerminal), std::span<const int>(kToOne)})
    for (const int signal : group)
      if (!sys::is_ignored(signal)) caught_ |= sys::bit(signal);
  sys::change_mask(SIG_BLOCK, caught_);
  signals_.reset(sys::signal_descriptor(caught_));
}

bool Session::start(int& status) {
  const auto open_terminal = [this](int fd) { return !(fillers_ & 1 << fd) && is_terminal(fd); };
  // In a pipeline the terminal belongs to its other commands too, which would miss the keys that we take.
  with_terminal_ = open_terminal(0) && open_terminal(1);
  SpawnExtras extras{kJobControl, 0, 0};
  int descriptors[3];
  size_t count = 0;
  if (with_terminal_) {
    const TerminalSize size = terminal_size();
    extras = {kJobControl | kTty, size.columns, size.rows};
    if (!open_terminal(2)) {
      extras.flags |= kStderrApart;
      descriptors[count++] = 2;
    }
  } else {
    extras.flags |= static_cast<uint32_t>(fillers_) * kClosedStdin;
    for (int fd = 0; fd < 3; ++fd)
      if (!(fillers_ & 1 << fd)) descriptors[count++] = fd;
  }
  const auto message = encode_spawn(line_, environment_, extras);
  const long sent = message.empty() ? -E2BIG : connection_.send(message, {descriptors, count});
  if (sent == 0) {
    if (line_.timeout_ms > 0) deadline_ms_ = sys::now_ms() + line_.timeout_ms;
    return true;
  }
  if (sent == -E2BIG) {
    Line line;
    line.add("The arguments and environment of '").add(line_.path).add("' are too large. Pass the rest in a file.");
    return status = complain(line, 126), false;
  }
  return status = lost(), false;
}

// False: it is over, and `status` is what to exit with.
bool Session::serve_init(int& status) {
  if (connection_.receive() != Connection::Result::kMessage) return status = lost(), false;
  WireReader reader(connection_.body());
  switch (connection_.type()) {
    case kSpawned:
      pid_ = reader.u32();
      if (with_terminal_) {
        if (!connection_.descriptor()) return status = lost(), false;
        terminal_.attach(static_cast<UniqueFd&&>(connection_.descriptor()));
      } else {
        // The command has its own now: what it closes must be closed, for who reads and writes at the other ends.
        close(0);
        close(1);
      }
      return true;
    case kStopped:
      stop_with_command();
      return true;
    case kExited:
      return status = conclude(reader.u32()), false;
    case kFailed:
      // Of a signal: its target has ended, and that is being told.
      if (pid_ != 0) return true;
      return status = complain_of_failure(reader, line_), false;
    default:
      return true;
  }
}

int Session::lost() {
  terminal_.suspend();
  if (pid_ == 0) return complain("The container is gone, or of another version. See what there is: containerv ps");
  return complain("the container ended before the command did", kSignalBase + SIGKILL);
}

int Session::conclude(uint32_t wait_status) {
  while (terminal_.copy_output()) {
  }
  terminal_.suspend();
  if (timed_out_) {
    // What it leaves of its group does not outlive what was to end it.
    send_signal(SIGKILL, true);
    complain("the command took longer than --timeout", 0);
  }
  const auto signal = static_cast<int>(wait_status & 0x7f);
  return signal == 0 ? static_cast<int>(wait_status >> 8 & 0xff) : kSignalBase + signal;
}

void Session::serve_signals() {
  signalfd_siginfo information{};
  while (sys::read(signals_.get(), &information, sizeof information) == sizeof information) {
    const int signal = static_cast<int>(information.ssi_signo);
    if (pid_ != 0) {
      forward(signal);
    } else if (signal != SIGCONT && signal != SIGWINCH && signal != SIGTSTP) {
      // Nothing has been started that anybody knows of; the end of the connection ends what is starting.
      exit_now(kSignalBase + signal);
    }
  }
}

void Session::forward(int signal) {
  if (signal == SIGCONT) return resume();
  // The size that changed is this terminal's; the command's follows it.
  if (signal == SIGWINCH && with_terminal_) return terminal_.resize();
  // Outside of a terminal's session nothing but SIGSTOP stops it.
  if (signal == SIGTSTP && !with_terminal_) return send_signal(SIGSTOP, true);
  send_signal(signal, reaches_group(signal));
}

// The shell above sees a stopped job, and both continue together.
void Session::stop_with_command() {
  if (!with_terminal_) {
    sys::kill(sys::raw_syscall(SYS_getpid), SIGSTOP);
    return;
  }
  // What others go on writing while the job is stopped is shown when it continues.
  for (int part = 0; part < kPartsBeforeStop && terminal_.copy_output(); ++part) {
  }
  terminal_.suspend();
  // As the terminal would have done it: the whole job, of which this program may be a part. Where nobody
  // could continue it the kernel does not stop it, and we go on.
  sys::kill(0, SIGTSTP);
  sys::change_mask(SIG_UNBLOCK, sys::bit(SIGTSTP));
  sys::change_mask(SIG_BLOCK, caught_);
  resume();
}

void Session::resume() {
  terminal_.resume();
  send_signal(SIGCONT, true);
}

void Session::serve_deadline() {
  if (sys::now_ms() < deadline_ms_) return;
  // Not started yet: done as soon as there is somebody to signal.
  if (pid_ == 0) return static_cast<void>(deadline_ms_ += 10);
  send_signal(timed_out_ ? SIGKILL : SIGTERM, true);
  deadline_ms_ = timed_out_ ? -1 : sys::now_ms() + kKillGraceMs;
  timed_out_ = true;
}

void Session::send_signal(int signal, bool whole_group) {
  WireWriter message(kKill, ++last_request_);
  message.u32(pid_);
  message.u32(static_cast<uint32_t>(signal));
  message.u32(whole_group ? static_cast<uint32_t>(kWholeGroup) : 0);
  connection_.send(message.message());
}

}  // namespace containerv
