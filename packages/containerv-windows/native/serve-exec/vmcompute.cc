// vmcompute.dll (every Windows that has containers): calls that wait, and notifications.
#include <objbase.h>

#include "compute_system.h"

namespace containerv {
namespace {

// HCS_NOTIFICATIONS, below the flags.
constexpr DWORD kNotification = 0x0FFFFFFF;
constexpr DWORD kProcessExited = 0x10000;
constexpr DWORD kServiceDisconnect = 0x01000000;

using Callback = void(CALLBACK*)(DWORD type, void* context, HRESULT status, PCWSTR data);

struct Functions {
  HRESULT(WINAPI* open_system)(PCWSTR id, HANDLE* system, PWSTR* result);
  HRESULT(WINAPI* close_system)(HANDLE);
  HRESULT(WINAPI* system_properties)(HANDLE system, PCWSTR query, PWSTR* properties, PWSTR* result);
  HRESULT(WINAPI* create_process)(HANDLE system, PCWSTR parameters, ProcessInformation*, HANDLE* process, PWSTR* result);
  HRESULT(WINAPI* close_process)(HANDLE);
  HRESULT(WINAPI* terminate_process)(HANDLE process, PWSTR* result);
  // Not in every Windows.
  HRESULT(WINAPI* signal_process)(HANDLE process, PCWSTR options, PWSTR* result);
  HRESULT(WINAPI* process_properties)(HANDLE process, PWSTR* properties, PWSTR* result);
  HRESULT(WINAPI* modify_process)(HANDLE process, PCWSTR settings, PWSTR* result);
  HRESULT(WINAPI* watch)(HANDLE process, Callback callback, void* context, HANDLE* registration);
  HRESULT(WINAPI* unwatch)(HANDLE registration);

  bool bind_all(HMODULE library) {
    bind(library, "HcsSignalProcess", signal_process);
    return bind(library, "HcsOpenComputeSystem", open_system) && bind(library, "HcsCloseComputeSystem", close_system) &&
           bind(library, "HcsGetComputeSystemProperties", system_properties) && bind(library, "HcsCreateProcess", create_process) &&
           bind(library, "HcsCloseProcess", close_process) && bind(library, "HcsTerminateProcess", terminate_process) &&
           bind(library, "HcsGetProcessProperties", process_properties) && bind(library, "HcsModifyProcess", modify_process) &&
           bind(library, "HcsRegisterProcessCallback", watch) && bind(library, "HcsUnregisterProcessCallback", unwatch);
  }
};

// A string that the service gave, which CoTaskMemFree() takes.
class Document {
 public:
  ~Document() {
    if (text_) CoTaskMemFree(text_);
  }
  PWSTR* receive() { return &text_; }
  [[nodiscard]] std::wstring text() const { return text_ ? text_ : L""; }

 private:
  PWSTR text_ = nullptr;
};

class Vmcompute : public ComputeSystem {
 public:
  Vmcompute(const Functions& functions, DWORD call_ms) : f_(functions), call_ms_(call_ms) {}

  ~Vmcompute() override {
    const CallLimit limit("HcsCloseProcess", call_ms_);
    // Waits for a notification that is under way.
    if (registration_) f_.unwatch(registration_);
    if (process_) f_.close_process(process_);
    if (system_) f_.close_system(system_);
  }

  HRESULT open(const wchar_t* id, std::wstring& more) override {
    const CallLimit limit("HcsOpenComputeSystem", call_ms_);
    return told(more, [&](PWSTR* result) { return f_.open_system(id, &system_, result); });
  }

  HRESULT properties(std::wstring& document, std::wstring& more) override {
    const CallLimit limit("HcsGetComputeSystemProperties", call_ms_);
    Document text;
    const HRESULT hresult =
        told(more, [&](PWSTR* result) { return f_.system_properties(system_, L"{}", text.receive(), result); });
    document = text.text();
    return hresult;
  }

  HRESULT start(const wchar_t* parameters, Pipes& pipes, std::wstring& more) override {
    const CallLimit limit("HcsCreateProcess", call_ms_);
    ProcessInformation information;
    const HRESULT hresult =
        told(more, [&](PWSTR* result) { return f_.create_process(system_, parameters, &information, &process_, result); });
    if (FAILED(hresult)) return hresult;
    pipes = Pipes(information);
    // Without it, looking now and then tells.
    f_.watch(process_, on_notification, this, &registration_);
    return hresult;
  }

  HRESULT terminate() override {
    const CallLimit limit("HcsTerminateProcess", call_ms_);
    return quietly([&](PWSTR* result) { return f_.terminate_process(process_, result); });
  }
  HRESULT signal(const wchar_t* options) override {
    const CallLimit limit("HcsSignalProcess", call_ms_);
    return f_.signal_process ? quietly([&](PWSTR* result) { return f_.signal_process(process_, options, result); }) : E_NOTIMPL;
  }
  HRESULT modify(const wchar_t* settings) override {
    const CallLimit limit("HcsModifyProcess", call_ms_);
    return quietly([&](PWSTR* result) { return f_.modify_process(process_, settings, result); });
  }
  HRESULT status(std::wstring& document) override {
    const CallLimit limit("HcsGetProcessProperties", call_ms_);
    Document text;
    const HRESULT hresult = quietly([&](PWSTR* result) { return f_.process_properties(process_, text.receive(), result); });
    document = text.text();
    return hresult;
  }

 private:
  static void CALLBACK on_notification(DWORD type, void* context, HRESULT, PCWSTR) {
    auto* self = static_cast<Vmcompute*>(context);
    type &= kNotification;
    if (type != kProcessExited && type != kServiceDisconnect) return;
    if (type == kServiceDisconnect) self->service_gone_ = true;
    SetEvent(self->changed());
  }

  template <typename Call>
  static HRESULT told(std::wstring& more, Call call) {
    Document result;
    const HRESULT hresult = call(result.receive());
    more = result.text();
    return hresult;
  }
  template <typename Call>
  static HRESULT quietly(Call call) {
    std::wstring more;
    return told(more, call);
  }

  const Functions f_;
  const DWORD call_ms_;
  HANDLE system_ = nullptr;
  HANDLE process_ = nullptr;
  HANDLE registration_ = nullptr;
};

}  // namespace

std::unique_ptr<ComputeSystem> load_vmcompute(DWORD call_ms) {
  const HMODULE library = load_system_library(L"vmcompute.dll");
  Functions functions;
  if (!library || !functions.bind_all(library)) return nullptr;
  return std::make_unique<Vmcompute>(functions, call_ms);
}

}  // namespace containerv
