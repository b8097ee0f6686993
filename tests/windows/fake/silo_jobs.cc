// The job objects around containers that share the host's kernel. Wine has job objects without limits, so these stand in for
// what ntdll.dll and kernel32.dll say of them, as a library of its own that the cases give to the driver.
#include <winternl.h>

#include <cstring>
#include <map>
#include <mutex>

#include "systems.h"
#include "world.h"

namespace fake {
namespace {

constexpr NTSTATUS kNotFound = static_cast<NTSTATUS>(0xC0000034);
constexpr NTSTATUS kInvalidParameter = static_cast<NTSTATUS>(0xC000000D);
constexpr ACCESS_MASK kAllAccess = 0x1F003F;
static_assert(sizeof(OBJECT_ATTRIBUTES) == 48);
static_assert(sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION) == 144);

struct Job : Object {
  std::shared_ptr<System> system;
};

std::mutex mutex;
std::map<const System*, JOBOBJECT_EXTENDED_LIMIT_INFORMATION> limits;

JOBOBJECT_EXTENDED_LIMIT_INFORMATION& limits_of(const System& system) {
  const auto [found, fresh] = limits.try_emplace(&system);
  // As HCS makes it.
  if (fresh) found->second.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
  return found->second;
}

}  // namespace

DWORD process_limit(const System& system) {
  const std::lock_guard lock(mutex);
  const auto& basic = limits_of(system).BasicLimitInformation;
  return (basic.LimitFlags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS) != 0 ? basic.ActiveProcessLimit : MAXDWORD;
}

void forget_limits(const System& system) {
  const std::lock_guard lock(mutex);
  limits.erase(&system);
}

FAKE_EXPORT NTSTATUS fakejobs_NtOpenJobObject(HANDLE* handle, ACCESS_MASK access, OBJECT_ATTRIBUTES* attributes) {
  *handle = nullptr;
  const Fault fault = World::get().fault_for("NtOpenJobObject");
  if (fault.hresult) return *fault.hresult;
  if (attributes == nullptr || attributes->Length != sizeof *attributes || attributes->RootDirectory != nullptr ||
      attributes->Attributes != 0 || attributes->SecurityDescriptor != nullptr ||
      attributes->SecurityQualityOfService != nullptr || attributes->ObjectName == nullptr || access != kAllAccess) {
    World::get().violate("NtOpenJobObject: attributes that it does not take");
    return kInvalidParameter;
  }
  const UNICODE_STRING& name = *attributes->ObjectName;
  const std::wstring text(name.Buffer, name.Length / sizeof(wchar_t));
  if (name.MaximumLength < name.Length || text != name.Buffer) {
    World::get().violate("NtOpenJobObject: a name of another length");
    return kInvalidParameter;
  }
  const std::wstring prefix = L"\\Container_";
  if (text.rfind(prefix, 0) != 0) return kNotFound;
  auto job = std::make_shared<Job>();
  job->system = find_system(narrow(text.c_str() + prefix.size()));
  if (job->system == nullptr || job->system->document.is("HvPartition") ||
      job->system->document.find("HostingSystemId") != nullptr) {
    return kNotFound;
  }
  *handle = World::get().open("job", job);
  return 0;
}

FAKE_EXPORT BOOL fakejobs_QueryInformationJobObject(HANDLE handle, INT32 kind, void* information, DWORD size,
                                                    DWORD* needed) {
  const auto job = World::get().at<Job>(handle, "job", "QueryInformationJobObject");
  if (job == nullptr || kind != JobObjectExtendedLimitInformation || needed != nullptr ||
      size != sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION)) {
    return FALSE;
  }
  const std::lock_guard lock(mutex);
  std::memcpy(information, &limits_of(*job->system), size);
  return TRUE;
}

FAKE_EXPORT BOOL fakejobs_SetInformationJobObject(HANDLE handle, INT32 kind, void* information, DWORD size) {
  const Fault fault = World::get().fault_for("SetInformationJobObject");
  if (fault.hresult) return FALSE;
  const auto job = World::get().at<Job>(handle, "job", "SetInformationJobObject");
  if (job == nullptr || kind != JobObjectExtendedLimitInformation ||
      size != sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION)) {
    return FALSE;
  }
  // It took it, and did not do it.
  if (fault.lost) return TRUE;
  const std::lock_guard lock(mutex);
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION& held = limits_of(*job->system);
  const DWORD before = held.BasicLimitInformation.LimitFlags;
  std::memcpy(&held, information, size);
  if ((before & ~held.BasicLimitInformation.LimitFlags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) != 0) {
    World::get().violate("SetInformationJobObject: what HCS had set is gone");
  }
  return TRUE;
}

FAKE_EXPORT BOOL fakejobs_CloseHandle(HANDLE handle) {
  return World::get().close(handle, "job", "CloseHandle") != nullptr;
}

}  // namespace fake
