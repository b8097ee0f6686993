// computecore.dll (Windows 1809 and later): every request is an operation that completes later.
#include "compute_system.h"

namespace containerv {
namespace {

constexpr DWORD kAskMs = 1000;
constexpr DWORD kGenericAll = 0x10000000;
constexpr HRESULT kInvalidArgument = static_cast<HRESULT>(0x80070057);
constexpr HRESULT kOperationTimeout = static_cast<HRESULT>(0x80370118);
// HCS_EVENT_TYPE.
constexpr int kProcessExited = 0x10000;
constexpr int kServiceDisconnect = 0x02000000;

// HCS_EVENT.
struct Event {
  int type;
  PCWSTR data;
  HANDLE operation;
};
static_assert(sizeof(Event) == 24);
using EventCallback = void(CALLBACK*)(Event* event, void* context);

struct Functions {
  HANDLE(WINAPI* create_operation)(void* context, void* callback);
  void(WINAPI* close_operation)(HANDLE);
  HRESULT(WINAPI* wait)(HANDLE operation, DWORD ms, PWSTR* document);
  HRESULT(WINAPI* process_result)(HANDLE operation, ProcessInformation*, PWSTR* document);
  HRESULT(WINAPI* open_system)(PCWSTR id, DWORD access, HANDLE* system);
  void(WINAPI* close_system)(HANDLE);
  HRESULT(WINAPI* system_properties)(HANDLE system, HANDLE operation, PCWSTR query);
  HRESULT(WINAPI* create_process)(HANDLE system, PCWSTR parameters, HANDLE operation, const void* security, HANDLE* process);
  void(WINAPI* close_process)(HANDLE);
  HRESULT(WINAPI* terminate_process)(HANDLE process, HANDLE operation, PCWSTR options);
  HRESULT(WINAPI* signal_process)(HANDLE process, HANDLE operation, PCWSTR options);
  HRESULT(WINAPI* process_info)(HANDLE process, HANDLE operation);
  HRESULT(WINAPI* process_properties)(HANDLE process, HANDLE operation, PCWSTR query);
  HRESULT(WINAPI* modify_process)(HANDLE process, HANDLE operation, PCWSTR settings);
  HRESULT(WINAPI* set_callback)(HANDLE process, int options, void* context, EventCallback callback);

  bool bind_all(HMODULE library) {
    return bind(library, "HcsCreateOperation", create_operation) && bind(library, "HcsCloseOperation", close_operation) &&
           bind(library, "HcsWaitForOperationResult", wait) &&
           bind(library, "HcsGetOperationResultAndProcessInfo", process_result) &&
           bind(library, "HcsOpenComputeSystem", open_system) && bind(library, "HcsCloseComputeSystem", close_system) &&
           bind(library, "HcsGetComputeSystemProperties", system_properties) && bind(library, "HcsCreateProcess", create_process) &&
           bind(library, "HcsCloseProcess", close_process) && bind(library, "HcsTerminateProcess", terminate_process) &&
           bind(library, "HcsSignalProcess", signal_process) && bind(library, "HcsGetProcessInfo", process_info) &&
           bind(library, "HcsGetProcessProperties", process_properties) && bind(library, "HcsModifyProcess", modify_process) &&
           bind(library, "HcsSetProcessCallback", set_callback);
  }
};

// A string that the service gave, which LocalFree() takes.
class Document {
 public:
  ~Document() {
    if (text_) LocalFree(text_);
  }
  PWSTR* receive() {
    if (text_) LocalFree(std::exchange(text_, nullptr));
    return &text_;
  }
  [[nodiscard]] std::wstring text() const { return text_ ? text_ : L""; }

 private:
  PWSTR text_ = nullptr;
};

class Computecore : public ComputeSystem {
 public:
  Computecore(const Functions& functions, DWORD call_ms) : f_(functions), call_ms_(call_ms) {}

  ~Computecore() override {
    const CallLimit limit("HcsCloseProcess", call_ms_);
    // Closing drains the callback.
    if (process_) f_.close_process(process_);
    if (system_) f_.close_system(system_);
  }

  HRESULT open(const wchar_t* id, std::wstring&) override {
    const CallLimit limit("HcsOpenComputeSystem", call_ms_);
    return f_.open_system(id, kGenericAll, &system_);
  }

  HRESULT properties(std::wstring& document, std::wstring& more) override {
    return run("HcsGetComputeSystemProperties", document, more,
               [this](HANDLE operation) { return f_.system_properties(system_, operation, L"{}"); });
  }

  HRESULT start(const wchar_t* parameters, Pipes& pipes, std::wstring& more) override {
    std::wstring document;
    ProcessInformation information;
    HRESULT result = run("HcsCreateProcess", document, more, [&](HANDLE operation) {
      return f_.create_process(system_, parameters, operation, nullptr, &process_);
    }, &information);
    // Server 2022 answers so for a process that it did start (hcsshim has the same way around).
    if (result == kInvalidArgument && process_)
      result = run("HcsGetProcessInfo", document, more, [this](HANDLE operation) { return f_.process_info(process_, operation); },
                   &information);
    pipes = Pipes(information);
    if (SUCCEEDED(result) && process_) {
      const CallLimit limit("HcsSetProcessCallback", call_ms_);
      // Without it, looking now and then tells.
      f_.set_callback(process_, 0, this, on_event);
      return result;
    }
    if (process_) terminate();
    return SUCCEEDED(result) ? E_UNEXPECTED : result;
  }

  HRESULT terminate() override {
    return quietly("HcsTerminateProcess", [this](HANDLE operation) { return f_.terminate_process(process_, operation, nullptr); });
  }
  HRESULT signal(const wchar_t* options) override {
    return quietly("HcsSignalProcess", [&](HANDLE operation) { return f_.signal_process(process_, operation, options); });
  }
  HRESULT modify(const wchar_t* settings) override {
    return quietly("HcsModifyProcess", [&](HANDLE operation) { return f_.modify_process(process_, operation, settings); });
  }
  HRESULT status(std::wstring& document) override {
    std::wstring more;
    return run("HcsGetProcessProperties", document, more,
               [this](HANDLE operation) { return f_.process_properties(process_, operation, nullptr); });
  }

 private:
  static void CALLBACK on_event(Event* event, void* context) {
    auto* self = static_cast<Computecore*>(context);
    if (event->type != kProcessExited && event->type != kServiceDisconnect) return;
    if (event->type == kServiceDisconnect) self->service_gone_ = true;
    SetEvent(self->changed());
  }

  template <typename Submit>
  HRESULT quietly(const char* call, Submit submit) {
    std::wstring document, more;
    return run(call, document, more, submit);
  }

  // Submits it and waits for its end.
  template <typename Submit>
  HRESULT run(const char* call, std::wstring& document, std::wstring& more, Submit submit, ProcessInformation* information = nullptr) {
    const CallLimit limit(call, call_ms_);
    const HANDLE operation = f_.create_operation(nullptr, nullptr);
    if (!operation) return E_OUTOFMEMORY;
    HRESULT result = submit(operation);
    if (SUCCEEDED(result)) {
      Document text;
      // In parts: an end that was told while nobody listened is found by asking again.
      const ULONGLONG latest = GetTickCount64() + call_ms_;
      while ((result = f_.wait(operation, kAskMs, text.receive())) == kOperationTimeout)
        if (GetTickCount64() >= latest) give_up(call);
      (SUCCEEDED(result) ? document : more) = text.text();
      if (SUCCEEDED(result) && information) {
        Document again;
        result = f_.process_result(operation, information, again.receive());
      }
    }
    f_.close_operation(operation);
    return result;
  }

  const Functions f_;
  const DWORD call_ms_;
  HANDLE system_ = nullptr;
  HANDLE process_ = nullptr;
};

}  // namespace

std::unique_ptr<ComputeSystem> load_computecore(DWORD call_ms) {
  const HMODULE library = load_system_library(L"computecore.dll");
  Functions functions;
  if (!library || !functions.bind_all(library)) return nullptr;
  return std::make_unique<Computecore>(functions, call_ms);
}

}  // namespace containerv
