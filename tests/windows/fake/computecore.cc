// computecore.dll: every request is an operation object, which completes on a thread of the service.
#include "systems.h"

#include <chrono>
#include <utility>

namespace fake {
namespace {

using Completion = void (*)(HANDLE operation, void* context);

// HCS_EVENT.
struct HcsEvent {
  INT32 type;
  PCWSTR data;
  HANDLE operation;
};
static_assert(sizeof(HcsEvent) == 24);

using EventCallback = void (*)(HcsEvent* event, void* context);

// HCS_EVENT_TYPE.
enum EventType : INT32 { kSystemExited = 1, kProcessExited = 0x10000 };

// HCS_PROCESS_INFORMATION.
struct ProcessInformation {
  DWORD process_id;
  DWORD reserved;
  HANDLE input, output, error;
};
static_assert(sizeof(ProcessInformation) == 32);

struct Operation : Object {
  std::mutex mutex;
  std::condition_variable changed;
  void* context = nullptr;
  Completion callback = nullptr;
  bool started = false;
  bool complete = false;
  // Calls that have it and have not returned.
  std::atomic<int> calls = 0;
  HRESULT hresult = S_OK;
  std::string document;
  // Of a process that it started or looked up.
  std::shared_ptr<Process> process;
};

struct Callback : Object, Listener {
  EventCallback callback = nullptr;
  void* context = nullptr;

  void tell(Event event, const std::string& data) override {
    const std::wstring wide = widen(data);
    HcsEvent told = {event == Event::kSystemExited ? kSystemExited : kProcessExited, wide.c_str(), nullptr};
    callback(&told, context);
  }
};

// What a handle of a system or process leads to: each has one callback of its own.
template <typename Target>
struct Reference : Object {
  std::shared_ptr<Target> target;
  std::shared_ptr<Callback> callback;

  ~Reference() override {
    if (callback != nullptr) target->listeners.remove(callback.get());
  }
};

using SystemReference = Reference<System>;
using ProcessReference = Reference<Process>;

std::shared_ptr<SystemReference> system_at(HANDLE handle, const char* function) {
  return World::get().at<SystemReference>(handle, "v2 system", function);
}

std::shared_ptr<ProcessReference> process_at(HANDLE handle, const char* function) {
  return World::get().at<ProcessReference>(handle, "v2 process", function);
}

struct Outcome {
  HRESULT hresult = S_OK;
  std::string document;
  std::shared_ptr<Process> process;
};

Outcome outcome_of(HRESULT hresult, const std::string& why) {
  return {hresult, FAILED(hresult) && !why.empty() ? error_document(hresult, why) : "", nullptr};
}

struct Use {
  explicit Use(Operation& operation) : operation(operation) { operation.calls++; }
  ~Use() { operation.calls--; }
  Operation& operation;
};

// Takes the operation, and runs `work` on a thread of the service.
HRESULT submit(HANDLE handle, const char* function, std::function<Outcome()> work) {
  const auto operation = World::get().at<Operation>(handle, "operation", function);
  if (operation == nullptr) return E_INVALIDARG;
  const Use use(*operation);
  const Fault fault = World::get().fault_for(function);
  {
    const std::lock_guard lock(operation->mutex);
    if (operation->started) {
      World::get().violate(std::string(function) + ": the operation was used before");
      return kOperationStarted;
    }
    operation->started = true;
    if (fault.hresult && !fault.at_completion) {
      operation->complete = true;
      operation->hresult = *fault.hresult;
      operation->document = fault.document;
      return *fault.hresult;
    }
  }
  World::get().later(fault.completion_delay_ms, [handle, operation, fault, work = std::move(work)] {
    World::get().hold(fault, "completion");
    Outcome outcome = fault.hresult ? Outcome{*fault.hresult, fault.document, nullptr} : work();
    if (fault.garbage) outcome.document = "<garbage>";
    Completion callback;
    {
      const std::lock_guard lock(operation->mutex);
      operation->complete = true;
      operation->hresult = outcome.hresult;
      operation->document = outcome.document;
      operation->process = outcome.process;
      operation->changed.notify_all();
      callback = operation->callback;
    }
    if (callback != nullptr && !fault.lost) callback(handle, operation->context);
  });
  World::get().hold(fault, "return");
  return S_OK;
}

HRESULT result_of(Operation& operation, PWSTR* document) {
  if (document != nullptr) {
    *document = operation.document.empty() ? nullptr : give(Allocator::kLocal, operation.document);
  }
  return operation.hresult;
}

HRESULT change(HANDLE handle, HANDLE operation, const char* function, HRESULT (*work)(System&)) {
  const auto reference = system_at(handle, function);
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, function,
                [system = reference->target, work] { return outcome_of(work(*system), "wrong state"); });
}

HRESULT finish(HANDLE handle, HANDLE operation, const char* function, const char* exit_type) {
  const auto reference = system_at(handle, function);
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, function, [system = reference->target, exit_type] {
    return outcome_of(system->end(exit_type) ? S_OK : kSystemStopped, "");
  });
}

template <typename Target>
HRESULT set_callback(Reference<Target>& reference, INT32 options, void* context, EventCallback callback) {
  if (options != 0 || callback == nullptr) return E_INVALIDARG;
  if (reference.callback != nullptr) return kCallbackSet;
  reference.callback = std::make_shared<Callback>();
  reference.callback->callback = callback;
  reference.callback->context = context;
  reference.target->listeners.add(reference.callback);
  return S_OK;
}

constexpr DWORD kGenericAll = 0x10000000;

HANDLE open_process(const std::shared_ptr<Process>& process) {
  auto reference = std::make_shared<ProcessReference>();
  reference->target = process;
  return World::get().open("v2 process", reference);
}

}  // namespace

FAKE_EXPORT HANDLE computecore_HcsCreateOperation(void* context, Completion callback) {
  auto operation = std::make_shared<Operation>();
  operation->context = context;
  operation->callback = callback;
  return World::get().open("operation", operation);
}

FAKE_EXPORT void computecore_HcsCloseOperation(HANDLE handle) {
  const auto operation =
      std::static_pointer_cast<Operation>(World::get().close(handle, "operation", "HcsCloseOperation"));
  if (operation != nullptr && operation->calls > 0) {
    World::get().violate("HcsCloseOperation: a call still uses the operation");
  }
}

FAKE_EXPORT HRESULT computecore_HcsGetOperationResult(HANDLE handle, PWSTR* document) {
  *document = nullptr;
  const auto operation = World::get().at<Operation>(handle, "operation", "HcsGetOperationResult");
  if (operation == nullptr) return E_INVALIDARG;
  const std::lock_guard lock(operation->mutex);
  if (!operation->started) return kOperationNotStarted;
  return operation->complete ? result_of(*operation, document) : kOperationPending;
}

FAKE_EXPORT HRESULT computecore_HcsGetOperationResultAndProcessInfo(HANDLE handle, ProcessInformation* information,
                                                                    PWSTR* document) {
  *document = nullptr;
  const auto operation = World::get().at<Operation>(handle, "operation", "HcsGetOperationResultAndProcessInfo");
  if (operation == nullptr || information == nullptr) return E_INVALIDARG;
  const Fault fault = World::get().fault_for("HcsGetOperationResultAndProcessInfo");
  if (fault.hresult) return *fault.hresult;
  const std::lock_guard lock(operation->mutex);
  if (!operation->complete) return operation->started ? kOperationPending : kOperationNotStarted;
  if (operation->process != nullptr) {
    Process& process = *operation->process;
    // Streams that were not asked for are -1.
    const auto take = [](HANDLE& end) { return end == nullptr ? INVALID_HANDLE_VALUE : std::exchange(end, nullptr); };
    *information = {process.pid, 0, take(process.input), take(process.output), take(process.error)};
  }
  return result_of(*operation, document);
}

FAKE_EXPORT HRESULT computecore_HcsWaitForOperationResult(HANDLE handle, DWORD milliseconds, PWSTR* document) {
  *document = nullptr;
  const auto operation = World::get().at<Operation>(handle, "operation", "HcsWaitForOperationResult");
  if (operation == nullptr) return E_INVALIDARG;
  std::unique_lock lock(operation->mutex);
  const auto time = std::chrono::milliseconds(milliseconds);
  if (!operation->changed.wait_for(lock, time, [&] { return operation->complete; })) return kOperationTimeout;
  return result_of(*operation, document);
}

FAKE_EXPORT HRESULT computecore_HcsEnumerateComputeSystems(PCWSTR query, HANDLE operation) {
  return submit(operation, "HcsEnumerateComputeSystems", [text = narrow(query)] {
    Outcome outcome;
    outcome.hresult = enumerate_systems(text, &outcome.document);
    return outcome;
  });
}

FAKE_EXPORT HRESULT computecore_HcsCreateComputeSystem(PCWSTR id, PCWSTR configuration, HANDLE operation,
                                                       const void* security, HANDLE* handle) {
  *handle = nullptr;
  if (security != nullptr) return E_INVALIDARG;
  std::shared_ptr<System> system;
  std::string why;
  HRESULT created = create_system(narrow(id), narrow(configuration), &system, &why);
  if (SUCCEEDED(created)) {
    auto reference = std::make_shared<SystemReference>();
    reference->target = system;
    system->handles++;
    *handle = World::get().open("v2 system", reference);
  }
  const HRESULT submitted =
      submit(operation, "HcsCreateComputeSystem", [created, why] { return outcome_of(created, why); });
  if (FAILED(submitted) && system != nullptr) {
    system->end("UnexpectedExit");
    World::get().close(*handle, "v2 system", "HcsCreateComputeSystem");
    *handle = nullptr;
  }
  return submitted;
}

FAKE_EXPORT HRESULT computecore_HcsOpenComputeSystem(PCWSTR id, DWORD access, HANDLE* handle) {
  *handle = nullptr;
  const Fault fault = World::get().fault_for("HcsOpenComputeSystem");
  if (fault.hresult) return *fault.hresult;
  if (access != kGenericAll) return E_INVALIDARG;
  const auto system = find_system(narrow(id));
  if (system == nullptr) return kSystemNotFound;
  auto reference = std::make_shared<SystemReference>();
  reference->target = system;
  system->handles++;
  *handle = World::get().open("v2 system", reference);
  return S_OK;
}

FAKE_EXPORT void computecore_HcsCloseComputeSystem(HANDLE handle) {
  World::get().close(handle, "v2 system", "HcsCloseComputeSystem",
                     [](Object& reference) { release(*static_cast<SystemReference&>(reference).target); });
}

FAKE_EXPORT HRESULT computecore_HcsStartComputeSystem(HANDLE handle, HANDLE operation, PCWSTR) {
  return change(handle, operation, "HcsStartComputeSystem", start_system);
}

FAKE_EXPORT HRESULT computecore_HcsPauseComputeSystem(HANDLE handle, HANDLE operation, PCWSTR) {
  return change(handle, operation, "HcsPauseComputeSystem", pause_system);
}

FAKE_EXPORT HRESULT computecore_HcsResumeComputeSystem(HANDLE handle, HANDLE operation, PCWSTR) {
  return change(handle, operation, "HcsResumeComputeSystem", resume_system);
}

FAKE_EXPORT HRESULT computecore_HcsShutDownComputeSystem(HANDLE handle, HANDLE operation, PCWSTR) {
  return finish(handle, operation, "HcsShutDownComputeSystem", "GracefulExit");
}

FAKE_EXPORT HRESULT computecore_HcsTerminateComputeSystem(HANDLE handle, HANDLE operation, PCWSTR) {
  return finish(handle, operation, "HcsTerminateComputeSystem", "ForcedExit");
}

FAKE_EXPORT HRESULT computecore_HcsGetComputeSystemProperties(HANDLE handle, HANDLE operation, PCWSTR query) {
  const auto reference = system_at(handle, "HcsGetComputeSystemProperties");
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, "HcsGetComputeSystemProperties", [system = reference->target, text = narrow(query)] {
    Outcome outcome;
    outcome.hresult = query_system(*system, text, &outcome.document);
    return outcome;
  });
}

FAKE_EXPORT HRESULT computecore_HcsModifyComputeSystem(HANDLE handle, HANDLE operation, PCWSTR request,
                                                       HANDLE identity) {
  const auto reference = system_at(handle, "HcsModifyComputeSystem");
  if (reference == nullptr || identity != nullptr) return E_INVALIDARG;
  return submit(operation, "HcsModifyComputeSystem", [system = reference->target, text = narrow(request)] {
    std::string why;
    const HRESULT hresult = modify_system(*system, text, &why);
    return outcome_of(hresult, why);
  });
}

FAKE_EXPORT HRESULT computecore_HcsSetComputeSystemCallback(HANDLE handle, INT32 options, void* context,
                                                            EventCallback callback) {
  const Fault fault = World::get().fault_for("HcsSetComputeSystemCallback");
  if (fault.hresult) return *fault.hresult;
  const auto reference = system_at(handle, "HcsSetComputeSystemCallback");
  return reference == nullptr ? E_INVALIDARG : set_callback(*reference, options, context, callback);
}

FAKE_EXPORT HRESULT computecore_HcsCreateProcess(HANDLE handle, PCWSTR parameters, HANDLE operation,
                                                 const void* security, HANDLE* process) {
  *process = nullptr;
  const auto reference = system_at(handle, "HcsCreateProcess");
  if (reference == nullptr || security != nullptr) return E_INVALIDARG;
  std::shared_ptr<Process> made;
  std::string why;
  const HRESULT created = create_process(reference->target, narrow(parameters), &made, &why);
  if (made != nullptr) *process = open_process(made);
  const HRESULT submitted = submit(operation, "HcsCreateProcess", [created, why, made] {
    Outcome outcome = outcome_of(created, why);
    outcome.process = made;
    return outcome;
  });
  if (FAILED(submitted) && made != nullptr) {
    made->terminate();
    World::get().close(*process, "v2 process", "HcsCreateProcess");
    *process = nullptr;
  }
  return submitted;
}

FAKE_EXPORT HRESULT computecore_HcsOpenProcess(HANDLE handle, DWORD pid, DWORD access, HANDLE* process) {
  *process = nullptr;
  const auto reference = system_at(handle, "HcsOpenProcess");
  if (reference == nullptr || access != kGenericAll) return E_INVALIDARG;
  const auto found = find_process(reference->target, pid);
  if (found == nullptr) return kElementNotFound;
  *process = open_process(found);
  return S_OK;
}

FAKE_EXPORT void computecore_HcsCloseProcess(HANDLE handle) {
  World::get().close(handle, "v2 process", "HcsCloseProcess");
}

FAKE_EXPORT HRESULT computecore_HcsTerminateProcess(HANDLE handle, HANDLE operation, PCWSTR) {
  const auto reference = process_at(handle, "HcsTerminateProcess");
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, "HcsTerminateProcess",
                [process = reference->target] { return outcome_of(process->terminate(), ""); });
}

FAKE_EXPORT HRESULT computecore_HcsSignalProcess(HANDLE handle, HANDLE operation, PCWSTR options) {
  const auto reference = process_at(handle, "HcsSignalProcess");
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, "HcsSignalProcess", [process = reference->target, text = narrow(options)] {
    return outcome_of(signal_process(*process, text), "");
  });
}

FAKE_EXPORT HRESULT computecore_HcsGetProcessInfo(HANDLE handle, HANDLE operation) {
  const auto reference = process_at(handle, "HcsGetProcessInfo");
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, "HcsGetProcessInfo", [process = reference->target] {
    if (process->exited()) return outcome_of(kProcessStopped, "");
    Outcome outcome;
    outcome.process = process;
    return outcome;
  });
}

FAKE_EXPORT HRESULT computecore_HcsGetProcessProperties(HANDLE handle, HANDLE operation, PCWSTR) {
  const auto reference = process_at(handle, "HcsGetProcessProperties");
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, "HcsGetProcessProperties",
                [process = reference->target] { return Outcome{S_OK, process->status(), nullptr}; });
}

FAKE_EXPORT HRESULT computecore_HcsModifyProcess(HANDLE handle, HANDLE operation, PCWSTR settings) {
  const auto reference = process_at(handle, "HcsModifyProcess");
  if (reference == nullptr) return E_INVALIDARG;
  return submit(operation, "HcsModifyProcess", [process = reference->target, text = narrow(settings)] {
    return outcome_of(modify_process(*process, text), "");
  });
}

FAKE_EXPORT HRESULT computecore_HcsSetProcessCallback(HANDLE handle, INT32 options, void* context,
                                                      EventCallback callback) {
  const Fault fault = World::get().fault_for("HcsSetProcessCallback");
  if (fault.hresult) return *fault.hresult;
  const auto reference = process_at(handle, "HcsSetProcessCallback");
  return reference == nullptr ? E_INVALIDARG : set_callback(*reference, options, context, callback);
}

}  // namespace fake
