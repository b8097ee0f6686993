#include <map>

#include "schema.h"
#include "systems.h"

namespace fake {
namespace {

// One end for us, overlapped as the service gives it, and one for the process.
bool make_pipe(bool we_read, HANDLE* ours, HANDLE* theirs) {
  static LONG count = 0;
  wchar_t name[128];
  wsprintfW(name, L"\\\\.\\pipe\\fake-hcs-%lu-%ld", GetCurrentProcessId(), InterlockedIncrement(&count));
  const DWORD access = (we_read ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND) | FILE_FLAG_OVERLAPPED;
  *ours = CreateNamedPipeW(name, access, PIPE_TYPE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, nullptr);
  if (*ours == INVALID_HANDLE_VALUE) return false;
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, nullptr, TRUE};
  *theirs = CreateFileW(name, we_read ? GENERIC_WRITE : GENERIC_READ, 0, &inherited, OPEN_EXISTING, 0, nullptr);
  return *theirs != INVALID_HANDLE_VALUE;
}

HANDLE open_null() {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, nullptr, TRUE};
  return CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                     OPEN_EXISTING, 0, nullptr);
}

// Only what the document has, and what a Windows program cannot start without.
std::wstring environment_block(const Json* environment) {
  std::wstring block;
  const auto add = [&block](const std::string& name, const std::string& value) {
    block += widen(name + "=" + value);
    block += L'\0';
  };
  std::map<std::string, std::string> variables;
  for (const char* name : {"SystemRoot", "ComSpec", "TEMP"}) {
    char value[MAX_PATH] = "";
    if (GetEnvironmentVariableA(name, value, sizeof value) > 0) variables[name] = value;
  }
  if (environment != nullptr) {
    for (const auto& [name, value] : environment->members) variables[name] = value.text;
  }
  for (const auto& [name, value] : variables) add(name, value);
  block += L'\0';
  return block;
}

std::wstring guest_command_line(const Json& oci) {
  // A Linux program cannot run here: the first process of a container waits for the end of its input, and every other
  // one is the guest program with the arguments that it got.
  char guest[MAX_PATH] = "";
  GetEnvironmentVariableA("FAKE_HCS_GUEST", guest, sizeof guest);
  std::string line = std::string("\"") + guest + "\"";
  const Json& args = *oci.find("args");
  for (size_t i = 0; i < args.items.size(); i++) {
    if (i == 0 && args.items[i].text.find("guest") != std::string::npos) continue;
    line += " \"" + args.items[i].text + "\"";
  }
  return widen(line);
}

}  // namespace

Process::~Process() {
  CloseHandle(process);
  for (HANDLE end : {input, output, error}) {
    if (end != nullptr) CloseHandle(end);
  }
}

bool Process::exited() const { return WaitForSingleObject(process, 0) == WAIT_OBJECT_0; }

std::string Process::status() const {
  // In this order: a process that ends in between would be over with the code of one that runs.
  const bool over = exited();
  DWORD code = 0;
  GetExitCodeProcess(process, &code);
  return "{\"ProcessId\":" + std::to_string(pid) + ",\"Exited\":" + (over ? "true" : "false") +
         ",\"ExitCode\":" + std::to_string(over ? code : 0) + ",\"LastWaitResult\":0}";
}

HRESULT Process::terminate() {
  World::journal("terminate");
  if (exited()) return kProcessStopped;
  TerminateProcess(process, 0xC000013A);
  return S_OK;
}

HRESULT create_process(const std::shared_ptr<System>& system, const std::string& text,
                       std::shared_ptr<Process>* process, std::string* why) {
  if (system->state() == State::kStopped) return kSystemStopped;
  if (system->state() != State::kRunning) return kInvalidState;
  World::journal("process " + text);
  Json parameters;
  if (!parse_json(text, &parameters)) return kInvalidJson;
  *why = schema_error("process-parameters", parameters);
  if (why->empty() && system->document.find("VirtualMachine") != nullptr) *why = ": a process outside of the container";
  const Json* oci = parameters.find("OciProcess");
  if (oci != nullptr && why->empty()) *why = schema_error("process-parameters", parameters);
  if (!why->empty()) {
    World::get().violate("process in " + system->id + *why);
    return kInvalidJson;
  }
  // The first process of a Linux container is in its document.
  if (oci == nullptr && parameters.find("CommandLine") == nullptr) {
    const Json* hosted = system->document.find("HostedSystem");
    const Json* specification = hosted == nullptr ? nullptr : hosted->find("OciSpecification");
    oci = specification == nullptr ? nullptr : specification->find("process");
    if (oci == nullptr) return kInvalidJson;
  }
  std::wstring line = oci != nullptr ? guest_command_line(*oci) : widen(parameters.text_of("CommandLine"));
  const std::wstring directory = oci != nullptr ? L"" : widen(parameters.text_of("WorkingDirectory"));
  std::wstring environment = environment_block(oci != nullptr ? nullptr : parameters.find("Environment"));

  DWORD running = 0;
  for (const auto& each : system->processes()) running += each->exited() ? 0 : 1;
  if (running >= process_limit(*system)) return HRESULT_FROM_WIN32(ERROR_NOT_ENOUGH_QUOTA);

  auto made = std::make_shared<Process>();
  made->system = system;
  made->console = parameters.is("EmulateConsole");
  HANDLE theirs[3] = {};
  const char* wanted[3] = {"CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe"};
  HANDLE* ours[3] = {&made->input, &made->output, &made->error};
  for (int fd = 0; fd < 3; fd++) {
    if (!parameters.is(wanted[fd])) theirs[fd] = open_null();
    else if (!make_pipe(fd != 0, ours[fd], &theirs[fd])) return E_UNEXPECTED;
  }
  STARTUPINFOW startup = {};
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = theirs[0];
  startup.hStdOutput = theirs[1];
  // A terminal has one output.
  startup.hStdError = made->console ? theirs[1] : theirs[2];
  PROCESS_INFORMATION started = {};
  // One with a console of its own must not hear of the keys at ours.
  const DWORD apart = made->console ? DETACHED_PROCESS : 0;
  const BOOL good = CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE,
                                   CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | apart, environment.data(),
                                   directory.empty() ? nullptr : directory.c_str(), &startup, &started);
  const HRESULT failure = HRESULT_FROM_WIN32(GetLastError());
  for (HANDLE end : theirs) CloseHandle(end);
  if (!good) {
    *why = "CreateProcess";
    return failure;
  }
  AssignProcessToJobObject(system->job, started.hProcess);
  made->process = started.hProcess;
  made->pid = started.dwProcessId;
  system->add(made);
  ResumeThread(started.hThread);
  CloseHandle(started.hThread);
  World::get().later(0, [made] {
    WaitForSingleObject(made->process, INFINITE);
    const Fault fault = World::get().fault_for("notify ProcessExited");
    if (!fault.lost) made->listeners.tell(Event::kProcessExited, made->status());
  });
  *process = made;
  return S_OK;
}

std::shared_ptr<Process> find_process(const std::shared_ptr<System>& system, DWORD pid) {
  for (auto& process : system->processes()) {
    if (process->pid == pid && !process->exited()) return process;
  }
  return nullptr;
}

HRESULT modify_process(Process& process, const std::string& request) {
  World::journal("modify " + request);
  Json parsed;
  if (!parse_json(request, &parsed)) return kInvalidJson;
  if (const auto error = schema_error("modify-process", parsed); !error.empty()) {
    World::get().violate("modification of a process" + error);
    return kInvalidJson;
  }
  if (process.exited()) return kProcessStopped;
  if (parsed.text_of("Operation") == "ConsoleSize" && !process.console) return kInvalidState;
  return S_OK;
}

HRESULT signal_process(Process& process, const std::string& options) {
  World::journal("signal " + options);
  Json parsed;
  if (!parse_json(options, &parsed)) return kInvalidJson;
  if (const auto error = schema_error("signal-process", parsed); !error.empty()) {
    World::get().violate("signal" + error);
    return kInvalidJson;
  }
  if (process.exited()) return kProcessStopped;
  // What the default handler of a console program does with any of them.
  TerminateProcess(process.process, 0xC000013A);
  return S_OK;
}

}  // namespace fake
