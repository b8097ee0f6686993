// vmcompute.dll: calls that are accepted, and notifications that tell how they ended.
#include "layers.h"
#include "systems.h"

namespace fake {
namespace {

using Callback = void (*)(DWORD type, void* context, HRESULT status, PCWSTR data);

// HCS_NOTIFICATIONS.
enum Notification : DWORD {
  kSystemExited = 1,
  kCreateCompleted = 2,
  kStartCompleted = 3,
  kPauseCompleted = 4,
  kResumeCompleted = 5,
  kProcessExited = 0x10000,
};

// HCS_PROCESS_INFORMATION.
struct ProcessInformation {
  DWORD process_id;
  DWORD reserved;
  HANDLE input, output, error;
};
static_assert(sizeof(ProcessInformation) == 32);

struct Registration : Object, Listener {
  Callback callback;
  void* context;
  std::shared_ptr<System> system;
  std::shared_ptr<Process> process;

  void tell(Event event, const std::string& data) override {
    notify(event == Event::kSystemExited ? kSystemExited : kProcessExited, S_OK, data);
  }

  void notify(DWORD type, HRESULT status, const std::string& data) const {
    const std::wstring wide = widen(data);
    callback(type, context, status, wide.c_str());
  }
};

std::mutex registrations_mutex;
std::vector<std::shared_ptr<Registration>> registrations;

// Of 5 ms. A caller that does not run for a while may listen late.
constexpr int kListenAttempts = 6000;

// A completion goes to the registrations of one system, and waits for the first of them: the service tells what a
// caller may not have listened for yet.
void complete(const std::shared_ptr<System>& system, DWORD type, HRESULT status, const std::string& data) {
  for (int attempt = 0; attempt < kListenAttempts && system->handles > 0; attempt++) {
    std::vector<std::shared_ptr<Registration>> all;
    {
      const std::lock_guard lock(registrations_mutex);
      for (const auto& each : registrations) {
        if (each->system == system) all.push_back(each);
      }
    }
    for (const auto& each : all) each->notify(type, status, data);
    if (!all.empty()) return;
    Sleep(5);
  }
}

PWSTR answer(const std::string& text) { return text.empty() ? nullptr : give(Allocator::kCoTaskMem, text); }

HRESULT fail(PWSTR* result, HRESULT hresult, const std::string& why) {
  if (result != nullptr && !why.empty()) *result = answer(error_document(hresult, why));
  return hresult;
}

HRESULT fail_as_wished(PWSTR* result, const Fault& fault) {
  if (result != nullptr) *result = answer(fault.document);
  return *fault.hresult;
}

std::shared_ptr<System> system_at(HANDLE handle, const char* function) {
  return World::get().at<System>(handle, "v1 system", function);
}

std::shared_ptr<Process> process_at(HANDLE handle, const char* function) {
  return World::get().at<Process>(handle, "v1 process", function);
}

// An operation that changes the state: accepted, done a little later, and told.
HRESULT operate(HANDLE handle, PCWSTR options, PWSTR* result, const char* function, DWORD type,
                HRESULT (*change)(System&)) {
  *result = nullptr;
  const Fault fault = World::get().fault_for(function);
  if (fault.hresult && !fault.at_completion) return fail_as_wished(result, fault);
  const auto system = system_at(handle, function);
  if (system == nullptr || options == nullptr) return E_INVALIDARG;
  if (fault.synchronous) return fail(result, change(*system), function);
  World::get().later(fault.completion_delay_ms, [system, fault, type, change] {
    World::get().hold(fault, "completion");
    const HRESULT hresult = fault.hresult ? *fault.hresult : change(*system);
    if (!fault.lost) complete(system, type, hresult, fault.document);
  });
  return kPendingV1;
}

HRESULT finish(HANDLE handle, PWSTR* result, const char* function, const char* exit_type) {
  *result = nullptr;
  const Fault fault = World::get().fault_for(function);
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto system = system_at(handle, function);
  if (system == nullptr) return E_INVALIDARG;
  if (system->state() == State::kStopped) return kSystemStopped;
  World::get().later(fault.completion_delay_ms, [system, fault, exit_type] {
    World::get().hold(fault, "completion");
    system->end(exit_type);
  });
  return kPendingV1;
}

}  // namespace

FAKE_EXPORT HRESULT vmcompute_HcsEnumerateComputeSystems(PCWSTR query, PWSTR* systems, PWSTR* result) {
  *systems = *result = nullptr;
  const Fault fault = World::get().fault_for("HcsEnumerateComputeSystems");
  if (fault.hresult) return fail_as_wished(result, fault);
  std::string text;
  const HRESULT hresult = enumerate_systems(narrow(query), &text);
  *systems = answer(fault.garbage ? "<garbage>" : text);
  return hresult;
}

FAKE_EXPORT HRESULT vmcompute_HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HANDLE identity, HANDLE* handle,
                                                     PWSTR* result) {
  *handle = nullptr;
  *result = nullptr;
  const Fault fault = World::get().fault_for("HcsCreateComputeSystem");
  if (fault.hresult && !fault.at_completion) return fail_as_wished(result, fault);
  if (identity != nullptr) return E_INVALIDARG;
  std::shared_ptr<System> system;
  std::string why;
  const HRESULT created = create_system(narrow(id), narrow(configuration), &system, &why);
  if (FAILED(created)) return fail(result, created, why);
  system->handles++;
  *handle = World::get().open("v1 system", system);
  if (fault.synchronous) return S_OK;
  World::get().later(fault.completion_delay_ms, [system, fault] {
    World::get().hold(fault, "completion");
    if (!fault.lost) complete(system, kCreateCompleted, fault.hresult.value_or(S_OK), fault.document);
    if (fault.hresult) system->end("UnexpectedExit");
  });
  return kPendingV1;
}

FAKE_EXPORT HRESULT vmcompute_HcsOpenComputeSystem(PCWSTR id, HANDLE* handle, PWSTR* result) {
  *handle = nullptr;
  *result = nullptr;
  const Fault fault = World::get().fault_for("HcsOpenComputeSystem");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto system = find_system(narrow(id));
  if (system == nullptr) return kSystemNotFound;
  system->handles++;
  *handle = World::get().open("v1 system", system);
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsCloseComputeSystem(HANDLE handle) {
  const auto finish = [](Object& system) { release(static_cast<System&>(system)); };
  return World::get().close(handle, "v1 system", "HcsCloseComputeSystem", finish) == nullptr ? E_HANDLE : S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsStartComputeSystem(HANDLE handle, PCWSTR options, PWSTR* result) {
  return operate(handle, options, result, "HcsStartComputeSystem", kStartCompleted, start_system);
}

FAKE_EXPORT HRESULT vmcompute_HcsPauseComputeSystem(HANDLE handle, PCWSTR options, PWSTR* result) {
  return operate(handle, options, result, "HcsPauseComputeSystem", kPauseCompleted, pause_system);
}

FAKE_EXPORT HRESULT vmcompute_HcsResumeComputeSystem(HANDLE handle, PCWSTR options, PWSTR* result) {
  return operate(handle, options, result, "HcsResumeComputeSystem", kResumeCompleted, resume_system);
}

FAKE_EXPORT HRESULT vmcompute_HcsShutdownComputeSystem(HANDLE handle, PCWSTR, PWSTR* result) {
  return finish(handle, result, "HcsShutdownComputeSystem", "GracefulExit");
}

FAKE_EXPORT HRESULT vmcompute_HcsTerminateComputeSystem(HANDLE handle, PCWSTR, PWSTR* result) {
  return finish(handle, result, "HcsTerminateComputeSystem", "ForcedExit");
}

FAKE_EXPORT HRESULT vmcompute_HcsGetComputeSystemProperties(HANDLE handle, PCWSTR query, PWSTR* properties,
                                                            PWSTR* result) {
  *properties = *result = nullptr;
  const Fault fault = World::get().fault_for("HcsGetComputeSystemProperties");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto system = system_at(handle, "HcsGetComputeSystemProperties");
  if (system == nullptr) return E_INVALIDARG;
  std::string text;
  const HRESULT hresult = query_system(*system, narrow(query), &text);
  *properties = answer(fault.garbage ? "<garbage>" : text);
  return hresult;
}

FAKE_EXPORT HRESULT vmcompute_HcsModifyComputeSystem(HANDLE handle, PCWSTR request, PWSTR* result) {
  *result = nullptr;
  const Fault fault = World::get().fault_for("HcsModifyComputeSystem");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto system = system_at(handle, "HcsModifyComputeSystem");
  if (system == nullptr) return E_INVALIDARG;
  std::string why;
  return fail(result, modify_system(*system, narrow(request), &why), why);
}

FAKE_EXPORT HRESULT vmcompute_HcsRegisterComputeSystemCallback(HANDLE handle, Callback callback, void* context,
                                                               HANDLE* registration) {
  *registration = nullptr;
  const Fault fault = World::get().fault_for("HcsRegisterComputeSystemCallback");
  if (fault.hresult) return *fault.hresult;
  const auto system = system_at(handle, "HcsRegisterComputeSystemCallback");
  if (system == nullptr || callback == nullptr) return E_INVALIDARG;
  auto made = std::make_shared<Registration>();
  made->callback = callback;
  made->context = context;
  made->system = system;
  system->listeners.add(made);
  {
    const std::lock_guard lock(registrations_mutex);
    registrations.push_back(made);
  }
  *registration = World::get().open("v1 registration", made);
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsUnregisterComputeSystemCallback(HANDLE handle) {
  const auto made = std::static_pointer_cast<Registration>(
      World::get().close(handle, "v1 registration", "HcsUnregisterComputeSystemCallback"));
  if (made == nullptr) return E_HANDLE;
  {
    const std::lock_guard lock(registrations_mutex);
    std::erase(registrations, made);
  }
  made->system->listeners.remove(made.get());
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsCreateProcess(HANDLE handle, PCWSTR parameters, ProcessInformation* information,
                                               HANDLE* process, PWSTR* result) {
  *process = nullptr;
  *result = nullptr;
  const Fault fault = World::get().fault_for("HcsCreateProcess");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto system = system_at(handle, "HcsCreateProcess");
  if (system == nullptr || information == nullptr) return E_INVALIDARG;
  std::shared_ptr<Process> made;
  std::string why;
  const HRESULT hresult = create_process(system, narrow(parameters), &made, &why);
  if (FAILED(hresult)) return fail(result, hresult, why);
  // Streams that were not asked for are 0.
  *information = {made->pid, 0, made->input, made->output, made->error};
  made->input = made->output = made->error = nullptr;
  *process = World::get().open("v1 process", made);
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsOpenProcess(HANDLE handle, DWORD pid, HANDLE* process, PWSTR* result) {
  *process = nullptr;
  *result = nullptr;
  const auto system = system_at(handle, "HcsOpenProcess");
  if (system == nullptr) return E_INVALIDARG;
  const auto found = find_process(system, pid);
  if (found == nullptr) return kElementNotFound;
  *process = World::get().open("v1 process", found);
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsCloseProcess(HANDLE handle) {
  return World::get().close(handle, "v1 process", "HcsCloseProcess") == nullptr ? E_HANDLE : S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsTerminateProcess(HANDLE handle, PWSTR* result) {
  *result = nullptr;
  const Fault fault = World::get().fault_for("HcsTerminateProcess");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto process = process_at(handle, "HcsTerminateProcess");
  return process == nullptr ? E_INVALIDARG : process->terminate();
}

FAKE_EXPORT HRESULT vmcompute_HcsSignalProcess(HANDLE handle, PCWSTR options, PWSTR* result) {
  *result = nullptr;
  const Fault fault = World::get().fault_for("HcsSignalProcess");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto process = process_at(handle, "HcsSignalProcess");
  return process == nullptr ? E_INVALIDARG : signal_process(*process, narrow(options));
}

FAKE_EXPORT HRESULT vmcompute_HcsGetProcessProperties(HANDLE handle, PWSTR* properties, PWSTR* result) {
  *properties = *result = nullptr;
  const Fault fault = World::get().fault_for("HcsGetProcessProperties");
  if (fault.hresult) return fail_as_wished(result, fault);
  const auto process = process_at(handle, "HcsGetProcessProperties");
  if (process == nullptr) return E_INVALIDARG;
  *properties = answer(process->status());
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsModifyProcess(HANDLE handle, PCWSTR settings, PWSTR* result) {
  *result = nullptr;
  const auto process = process_at(handle, "HcsModifyProcess");
  return process == nullptr ? E_INVALIDARG : modify_process(*process, narrow(settings));
}

FAKE_EXPORT HRESULT vmcompute_HcsRegisterProcessCallback(HANDLE handle, Callback callback, void* context,
                                                         HANDLE* registration) {
  *registration = nullptr;
  const Fault fault = World::get().fault_for("HcsRegisterProcessCallback");
  if (fault.hresult) return *fault.hresult;
  const auto process = process_at(handle, "HcsRegisterProcessCallback");
  if (process == nullptr || callback == nullptr) return E_INVALIDARG;
  auto made = std::make_shared<Registration>();
  made->callback = callback;
  made->context = context;
  made->process = process;
  process->listeners.add(made);
  *registration = World::get().open("v1 registration", made);
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_HcsUnregisterProcessCallback(HANDLE handle) {
  const auto made = std::static_pointer_cast<Registration>(
      World::get().close(handle, "v1 registration", "HcsUnregisterProcessCallback"));
  if (made == nullptr) return E_HANDLE;
  made->process->listeners.remove(made.get());
  return S_OK;
}

}  // namespace fake
