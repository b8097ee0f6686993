#include "session.h"

#include <optional>

#include "../../../containerv-linux/native/serve-exec/line.h"
#include "compute_system.h"
#include "console.h"
#include "failure.h"
#include "process_document.h"
#include "streams.h"
#include "wide.h"

namespace containerv {
namespace {

constexpr DWORD kCallMs = 240000;
constexpr DWORD kPollMs = 2000;
// A console tells of its new size only those who read its keys one by one.
constexpr DWORD kResizeMs = 200;
// KILL_GRACE_MS of containerv-api.
constexpr DWORD kKillGraceMs = 5000;
// How long the end of a command that was ended by force may take.
constexpr DWORD kEndMs = 10000;
constexpr int kSignalBase = 128;
constexpr int kSigKill = 9, kSigTerm = 15;

// What Windows leaves as the code of what a console event, or TerminateProcess, ended: exitStatus() of src/process.
bool was_terminated(unsigned code) { return code == 0xC000013A || code == 1 || code == 0x40010004; }

// What the console sends to this program, which is the command's. As the handler is a thread that Windows makes, and has
// no argument, it is told of through these.
struct Events {
  UniqueHandle any = make_event();
  volatile bool interrupt = false, break_ = false, close = false;
};
Events* events;

BOOL WINAPI on_console_event(DWORD event) {
  if (event == CTRL_C_EVENT)
    events->interrupt = true;
  else if (event == CTRL_BREAK_EVENT)
    events->break_ = true;
  else
    events->close = true;
  SetEvent(events->any.get());
  // This program ends when the handler of such an event returns, or a few seconds later.
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) Sleep(kEndMs);
  return TRUE;
}

class Session {
 public:
  Session(const CommandLine& line, HANDLE front) : line_(line), front_(front) {}

  int run() {
    int status = 125;
    if (!join_.read(line_.container, status)) return status;
    DWORD call_ms = kCallMs;
    if (!read_limit(call_ms, status)) return status;
    events = &events_;
    SetConsoleCtrlHandler(on_console_event, TRUE);
    // Never unloaded: the service's library has threads of its own.
    auto system = ComputeSystem::load(call_ms);
    if (!system)
      return complain("This Windows has no Host Compute Service. Run as administrator: "
                      "Enable-WindowsOptionalFeature -Online -FeatureName Containers -All; then restart.");
    system_ = system.get();
    if (!is_ours(status) || !start(status)) return status;
    status = wait();
    output_.drain(front_);
    error_.drain(front_);
    console_.restore();
    return status;
  }

 private:
  bool read_limit(DWORD& ms, int& status) {
    const std::string given = narrow(environment_variable(L"CONTAINERV_HCS_TIMEOUT"));
    int64_t limit = 0;
    if (given.empty()) return true;
    if (read_duration(given.c_str(), limit)) return ms = static_cast<DWORD>(limit), true;
    return status = complain(Line().add("CONTAINERV_HCS_TIMEOUT is '").add(given.c_str()).add("'. Write 500ms, 2s, 5m or 1h.")), false;
  }

  // A system of this name may be somebody else's.
  bool is_ours(int& status) {
    std::wstring more, document;
    HRESULT hresult = system_->open(widen(line_.container).c_str(), more);
    if (SUCCEEDED(hresult)) hresult = system_->properties(document, more);
    if (FAILED(hresult)) return status = complain_of_open(hresult, more, line_), false;
    const auto properties = Json::parse(document);
    const std::wstring* owner = properties ? properties->text_at(L"Owner") : nullptr;
    const std::wstring* state = properties ? properties->text_at(L"State") : nullptr;
    Line said;
    said.add("Container '").add(line_.container).add("' ");
    if (!owner || *owner != join_.owner)
      return status = complain(said.add("belongs to another program. Choose another id, or another CONTAINERV_STATE_DIR.")), false;
    if (state && *state == L"Paused") return status = complain(said.add("is paused. Resume it first.")), false;
    if (state && *state == L"Stopped") return status = complain(said.add("is stopped. Start it first.")), false;
    return true;
  }

  bool start(int& status) {
    const HANDLE in = own_stream(STD_INPUT_HANDLE), out = own_stream(STD_OUTPUT_HANDLE), err = own_stream(STD_ERROR_HANDLE);
    size_ = console_.is_terminal() ? console_.size() : ConsoleSize{};
    const Wiring wiring{in != nullptr, out != nullptr, err != nullptr, console_.is_terminal(), size_.rows, size_.columns};
    std::wstring document, more;
    if (!process_document(join_, line_, wiring, document, status)) return false;
    // Asked to end before there was anything to end.
    if (events_.interrupt || events_.break_ || events_.close || front_gone()) return status = kSignalBase + 2, false;
    Pipes pipes;
    const HRESULT hresult = system_->start(document.c_str(), pipes, more);
    if (FAILED(hresult)) return status = complain_of_start(hresult, more, line_), false;
    console_.make_raw();
    output_.start(std::move(pipes.output), out, console_.is_terminal());
    error_.start(std::move(pipes.error), err, false);
    input_.start(in, std::move(pipes.input), console_.is_terminal());
    return true;
  }

  [[nodiscard]] bool front_gone() const { return front_ && WaitForSingleObject(front_, 0) == WAIT_OBJECT_0; }

  int wait() {
    HANDLE waited[4] = {system_->changed(), events_.any.get()};
    bool input_told = false, front_told = false;
    deadline_ = line_.timeout_ms > 0 ? GetTickCount64() + static_cast<ULONGLONG>(line_.timeout_ms) : 0;
    for (;;) {
      // Before looking: what happens afterwards sets it again.
      ResetEvent(system_->changed());
      if (const auto status = look()) return *status;
      DWORD count = 2;
      if (!input_told) waited[count++] = input_.ended();
      if (!front_told && front_) waited[count++] = front_;
      WaitForMultipleObjects(count, waited, FALSE, patience());
      forward_events();
      if (!input_told && WaitForSingleObject(input_.ended(), 0) == WAIT_OBJECT_0) {
        input_told = true;
        system_->modify(LR"({"Operation":"CloseHandle","CloseHandle":{"Handle":"StdIn"}})");
      }
      if (!front_told && front_gone()) front_told = true, end_by_force();
      follow_size();
      if (deadline_ && GetTickCount64() >= deadline_) expire();
      if (given_up_) return kSignalBase + kSigKill;
    }
  }

  // How it ended, if it has.
  std::optional<int> look() {
    std::wstring document;
    const HRESULT hresult = system_->service_gone() ? E_UNEXPECTED : system_->status(document);
    const auto status = SUCCEEDED(hresult) ? Json::parse(document) : std::nullopt;
    if (status && status->is(L"Exited"))
      if (const auto code = status->bits_at(L"ExitCode")) return status_of(*code);
    if (!system_->service_gone() && !is_gone(hresult)) return {};
    complain("the container ended before the command did");
    return kSignalBase + kSigKill;
  }

  int status_of(unsigned code) {
    if (!timed_out_) return static_cast<int>(code);
    complain("the command took longer than --timeout");
    return was_terminated(code) ? kSignalBase + (forced_ ? kSigKill : kSigTerm) : static_cast<int>(code);
  }

  [[nodiscard]] DWORD patience() const {
    DWORD ms = console_.is_terminal() ? kResizeMs : kPollMs;
    const ULONGLONG now = GetTickCount64();
    if (deadline_ && deadline_ < now + ms) ms = deadline_ > now ? static_cast<DWORD>(deadline_ - now) : 0;
    return ms;
  }

  void forward_events() {
    ResetEvent(events_.any.get());
    if (events_.interrupt) events_.interrupt = false, send(L"\"CtrlC\"", L"2");
    if (events_.break_) events_.break_ = false, send(L"\"CtrlBreak\"", L"3");
    if (events_.close) events_.close = false, end_by_force();
  }

  void send(const wchar_t* windows_event, const wchar_t* linux_signal) {
    const std::wstring options = std::wstring(L"{\"Signal\":") + (join_.linux_guest ? linux_signal : windows_event) + L'}';
    const HRESULT hresult = system_->signal(options.c_str());
    // A Windows that cannot tell it so.
    if (FAILED(hresult) && !is_gone(hresult)) end_by_force();
  }

  void end_by_force() {
    forced_ = true;
    system_->terminate();
    const ULONGLONG latest = GetTickCount64() + kEndMs;
    if (!ending_ || !deadline_) deadline_ = latest;
    ending_ = true;
  }

  void expire() {
    if (ending_) {
      complain("the command does not end. Stop its container.");
      given_up_ = true;
    } else if (timed_out_) {
      deadline_ = 0;
      end_by_force();
    } else {
      timed_out_ = true;
      deadline_ = GetTickCount64() + kKillGraceMs;
      send(L"\"CtrlShutdown\"", L"15");
    }
  }

  void follow_size() {
    if (!console_.is_terminal() || console_.size() == size_) return;
    size_ = console_.size();
    const std::wstring height = std::to_wstring(size_.rows), width = std::to_wstring(size_.columns);
    // A command that has just ended has no size to set.
    system_->modify((LR"({"Operation":"ConsoleSize","ConsoleSize":{"Height":)" + height + LR"(,"Width":)" + width + L"}}").c_str());
  }

  const CommandLine& line_;
  const HANDLE front_;
  JoinFile join_;
  Events events_;
  ComputeSystem* system_ = nullptr;
  Console console_{own_stream(STD_INPUT_HANDLE), own_stream(STD_OUTPUT_HANDLE)};
  ConsoleSize size_{};
  OutputPump output_, error_;
  InputPump input_;
  ULONGLONG deadline_ = 0;  // 0: none
  bool timed_out_ = false, forced_ = false, ending_ = false, given_up_ = false;
};

}  // namespace

int run_session(const CommandLine& line, HANDLE front) {
  // Its threads may outlive run(): they are the process's to end.
  return (new Session(line, front))->run();
}

}  // namespace containerv
