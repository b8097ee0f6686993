#include "systems.h"

#include <algorithm>

#include "disks.h"
#include "layers.h"
#include "schema.h"

namespace fake {
namespace {

std::mutex registry_mutex;
std::map<std::string, std::shared_ptr<System>> registry;

const char* name_of(State state) {
  switch (state) {
    case State::kCreated:
      return "Created";
    case State::kRunning:
      return "Running";
    case State::kPaused:
      return "Paused";
    case State::kStopped:
      return "Stopped";
  }
  return "Unknown";
}

// What a container of this machine's kernel is given of it has to be there.
std::string directories_error(const Json* directories) {
  if (directories == nullptr) return "";
  for (const Json& directory : directories->items) {
    const std::string path = directory.text_of("HostPath");
    if (path.rfind("\\\\?\\Volume{", 0) != 0) continue;
    if (auto error = disk_volume_error(path); !error.empty()) return error;
  }
  return "";
}

// Which isolation a document asks for, and whether what it refers to is in order.
std::string document_error(const Json& document, std::shared_ptr<System>* host) {
  if (document.find("SchemaVersion") == nullptr) {
    if (auto error = schema_error("container-v1", document); !error.empty()) return error;
    const bool isolated = document.is("HvPartition");
    const bool linux = document.text_of("ContainerType") == "Linux";
    if (isolated != (document.find("HvRuntime") != nullptr)) return ": HvRuntime goes with HvPartition";
    if (isolated == (document.find("VolumePath") != nullptr)) return ": VolumePath goes with process isolation";
    if (auto error = directories_error(document.find("MappedDirectories")); !error.empty()) return error;
    return linux ? "" : layers_error(*document.find("Layers"), "ID", document.text_of("VolumePath"));
  }
  if (auto error = schema_error("compute-system-v2", document); !error.empty()) return error;
  if (const Json* container = document.find("Container")) {
    if (auto error = directories_error(container->find("MappedDirectories")); !error.empty()) return error;
    const Json& storage = *container->find("Storage");
    return layers_error(*storage.find("Layers"), "Id", storage.text_of("Path"));
  }
  if (document.find("HostedSystem") != nullptr) {
    *host = find_system(document.text_of("HostingSystemId"));
    if (*host == nullptr) return ": there is no system HostingSystemId";
    if ((*host)->state() != State::kRunning) return ": the hosting system does not run";
    if ((*host)->document.find("VirtualMachine") == nullptr) return ": the hosting system is no virtual machine";
  }
  return "";
}

}  // namespace

void Listeners::add(const std::shared_ptr<Listener>& listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(listener);
}

void Listeners::remove(const Listener* listener) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [listener](const auto& each) { return each.get() == listener; });
}

void Listeners::tell(Event event, const std::string& data) {
  const std::lock_guard lock(mutex_);
  const auto all = listeners_;
  for (const auto& listener : all) listener->tell(event, data);
}

System::~System() {
  forget_limits(*this);
  CloseHandle(job);
}

State System::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void System::set_state(State state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

void System::add(const std::shared_ptr<Process>& process) {
  const std::lock_guard lock(mutex_);
  processes_.push_back(process);
}

std::vector<std::shared_ptr<Process>> System::processes() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Process>> all;
  for (const auto& weak : processes_) {
    if (auto process = weak.lock()) all.push_back(std::move(process));
  }
  return all;
}

bool System::terminates_on_last_handle() const {
  return document.is("ShouldTerminateOnLastHandleClosed") || document.is("TerminateOnLastHandleClosed");
}

bool System::end(const std::string& exit_type) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kStopped) return false;
    state_ = State::kStopped;
  }
  TerminateJobObject(job, 0xC000013A);
  std::vector<std::shared_ptr<System>> guests;
  {
    const std::lock_guard lock(registry_mutex);
    registry.erase(id);
    for (const auto& [name, other] : registry) {
      if (other->host.get() == this) guests.push_back(other);
    }
  }
  for (const auto& guest : guests) guest->end("ForcedExit");
  const Fault fault = World::get().fault_for("notify SystemExited");
  if (!fault.lost) listeners.tell(Event::kSystemExited, "{\"Status\":0,\"ExitType\":\"" + exit_type + "\"}");
  return true;
}

std::string System::properties(bool statistics, bool process_list) const {
  std::string text = "{\"Id\":" + quote_json(id) + ",\"SystemType\":" +
                     (document.find("VirtualMachine") != nullptr ? "\"VirtualMachine\"" : "\"Container\"") +
                     ",\"Owner\":" + quote_json(document.text_of("Owner")) + ",\"State\":\"" + name_of(state()) + "\"" +
                     ",\"RuntimeId\":\"00000000-0000-0000-0000-000000000001\"";
  if (statistics) {
    text +=
        ",\"Statistics\":{\"Timestamp\":\"2026-01-01T00:00:00Z\",\"Uptime100ns\":10000000,"
        "\"Processor\":{\"TotalRuntime100ns\":5000000,\"RuntimeUser100ns\":4000000,\"RuntimeKernel100ns\":1000000},"
        "\"Memory\":{\"MemoryUsageCommitBytes\":1048576,\"MemoryUsageCommitPeakBytes\":2097152,"
        "\"MemoryUsagePrivateWorkingSetBytes\":524288},"
        "\"Storage\":{\"ReadCountNormalized\":1,\"ReadSizeBytes\":4096,\"WriteCountNormalized\":2,\"WriteSizeBytes\":8192}}";
  }
  if (process_list) {
    text += ",\"ProcessList\":[";
    for (const auto& process : processes()) {
      if (process->exited()) continue;
      text += "{\"ProcessId\":" + std::to_string(process->pid) +
              ",\"ImageName\":\"guest.exe\",\"CreateTimestamp\":\"2026-01-01T00:00:00Z\",\"UserTime100ns\":1,"
              "\"KernelTime100ns\":1,\"MemoryCommitBytes\":4096,\"MemoryWorkingSetPrivateBytes\":4096,"
              "\"MemoryWorkingSetSharedBytes\":0},";
    }
    if (text.back() == ',') text.pop_back();
    text += "]";
  }
  return text + "}";
}

HRESULT create_system(const std::string& id, const std::string& document, std::shared_ptr<System>* system,
                      std::string* why) {
  auto made = std::make_shared<System>();
  if (id.empty() || !parse_json(document, &made->document)) return kInvalidJson;
  *why = document_error(made->document, &made->host);
  if (!why->empty()) {
    World::get().violate("document of " + id + *why);
    return kInvalidJson;
  }
  made->id = id;
  made->job = CreateJobObjectW(nullptr, nullptr);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  SetInformationJobObject(made->job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
  const std::lock_guard lock(registry_mutex);
  if (!registry.try_emplace(id, made).second) return kSystemExists;
  *system = made;
  return S_OK;
}

void add_system(const std::string& id, Json document, State state) {
  auto made = std::make_shared<System>();
  made->id = id;
  made->document = std::move(document);
  made->job = CreateJobObjectW(nullptr, nullptr);
  made->set_state(state);
  // Its owner's.
  made->handles = 1;
  const std::lock_guard lock(registry_mutex);
  registry[id] = std::move(made);
}

std::shared_ptr<System> find_system(const std::string& id) {
  const std::lock_guard lock(registry_mutex);
  const auto found = registry.find(id);
  return found == registry.end() ? nullptr : found->second;
}

HRESULT start_system(System& system) {
  if (system.state() == State::kStopped) return kSystemStopped;
  if (system.state() != State::kCreated) return kInvalidState;
  system.set_state(State::kRunning);
  return S_OK;
}

HRESULT pause_system(System& system) {
  if (system.state() == State::kStopped) return kSystemStopped;
  // Only a virtual machine can be.
  if (!system.document.is("HvPartition") && system.document.find("VirtualMachine") == nullptr) {
    return static_cast<HRESULT>(0x80070032);
  }
  if (system.state() != State::kRunning) return kInvalidState;
  system.set_state(State::kPaused);
  return S_OK;
}

HRESULT resume_system(System& system) {
  if (system.state() == State::kStopped) return kSystemStopped;
  if (system.state() != State::kPaused) return kInvalidState;
  system.set_state(State::kRunning);
  return S_OK;
}

HRESULT modify_system(System& system, const std::string& request, std::string* why) {
  Json parsed;
  if (!parse_json(request, &parsed)) return kInvalidJson;
  if (system.state() == State::kStopped) return kSystemStopped;
  *why = schema_error("modify-request", parsed);
  if (why->empty() && system.document.find("VirtualMachine") == nullptr &&
      parsed.text_of("ResourcePath").rfind("VirtualMachine/", 0) == 0) {
    *why = ": " + system.id + " is no virtual machine";
  }
  if (why->empty() && parsed.text_of("ResourcePath").rfind("VirtualMachine/Devices/Scsi/", 0) == 0) {
    const std::string disk = parsed.find("Settings")->text_of("Path");
    if (!is_granted(system.id, disk)) *why = ": " + system.id + " may not open '" + disk + "'";
  }
  if (!why->empty()) {
    World::get().violate("modification of " + system.id + *why);
    return kInvalidJson;
  }
  return S_OK;
}

HRESULT query_system(System& system, const std::string& query, std::string* properties) {
  Json parsed;
  if (!query.empty() && !parse_json(query, &parsed)) return kInvalidJson;
  if (const auto error = query.empty() ? "" : schema_error("property-query", parsed); !error.empty()) {
    World::get().violate("query of " + system.id + error);
    return kInvalidJson;
  }
  if (system.state() == State::kStopped) return kSystemStopped;
  bool statistics = false;
  bool process_list = false;
  if (const Json* types = parsed.find("PropertyTypes")) {
    for (const Json& type : types->items) {
      statistics = statistics || type.text == "Statistics";
      process_list = process_list || type.text == "ProcessList";
    }
  }
  *properties = system.properties(statistics, process_list);
  return S_OK;
}

HRESULT enumerate_systems(const std::string& query, std::string* systems) {
  Json parsed;
  if (!query.empty() && !parse_json(query, &parsed)) return kInvalidJson;
  if (const auto error = query.empty() ? "" : schema_error("system-query", parsed); !error.empty()) {
    World::get().violate("enumeration" + error);
    return kInvalidJson;
  }
  const auto wanted = [&parsed](const char* filter, const std::string& value) {
    const Json* list = parsed.find(filter);
    if (list == nullptr || list->items.empty()) return true;
    return std::any_of(list->items.begin(), list->items.end(), [&](const Json& each) { return each.text == value; });
  };
  const std::lock_guard lock(registry_mutex);
  *systems = "[";
  for (const auto& [id, system] : registry) {
    if (!wanted("Ids", id) || !wanted("Owners", system->document.text_of("Owner"))) continue;
    *systems += (systems->size() > 1 ? "," : "") + system->properties(false, false);
  }
  *systems += "]";
  return S_OK;
}

void release(System& system) {
  if (--system.handles == 0 && system.terminates_on_last_handle()) system.end("ForcedExit");
}

std::vector<std::string> end_all_systems() {
  std::vector<std::shared_ptr<System>> left;
  {
    const std::lock_guard lock(registry_mutex);
    for (const auto& [id, system] : registry) left.push_back(system);
  }
  std::vector<std::string> ids;
  for (const auto& system : left) {
    ids.push_back(system->id);
    system->end("ForcedExit");
  }
  return ids;
}

std::string error_document(HRESULT hresult, const std::string& message) {
  return "{\"Error\":" + std::to_string(hresult) + ",\"ErrorMessage\":" + quote_json(message) +
         ",\"ErrorEvents\":[{\"Message\":" + quote_json(message) + ",\"Provider\":\"fake\",\"EventId\":1}]}";
}

}  // namespace fake
