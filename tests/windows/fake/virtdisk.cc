// virtdisk.dll, and what computestorage.dll does with its handles. Structures as Microsoft documents them: the header of
// mingw lacks a member of CREATE_VIRTUAL_DISK_PARAMETERS.
#include "disks.h"

#include <filesystem>
#include <map>
#include <mutex>

#include "layers.h"
#include "world.h"

namespace fake {
namespace {

struct StorageType {
  ULONG device;
  GUID vendor;
};
static_assert(sizeof(StorageType) == 20);

struct CreateParameters {
  INT32 version;
  struct {
    GUID id;
    ULONGLONG maximum_size;
    ULONG block_size, sector_size, physical_sector_size;
    PCWSTR parent, source;
    INT32 open_flags;
    StorageType parent_type, source_type;
    GUID resiliency;
  } v2;
};
static_assert(sizeof(CreateParameters) == 128);

// virtdisk.h.
constexpr ULONG kVhdx = 3;
constexpr GUID kMicrosoft = {0xec984aec, 0xa0f9, 0x47e9, {0x90, 0x1f, 0x71, 0x41, 0x5a, 0x66, 0x34, 0x5b}};
constexpr ULONG kAttachReadonly = 0x10000, kAttach = 0x20000, kDetach = 0x40000, kInformation = 0x80000;
constexpr ULONG kFlagReadonly = 1, kFlagNoDriveLetter = 2, kFlagPermanent = 4;

struct Disk {
  // The handle that it is attached by.
  HANDLE attached = nullptr;
  // Attached until it is detached: our own handle, which keeps the file.
  HANDLE permanent = nullptr;
};

std::mutex mutex;
std::map<std::wstring, Disk> disks;
// By handle: which file, and what for.
struct Opening {
  std::wstring file;
  ULONG access;
};
std::map<HANDLE, Opening> openings;

std::wstring key_of(PCWSTR path) {
  std::wstring key(path);
  for (wchar_t& c : key) c = c == L'/' ? L'\\' : static_cast<wchar_t>(towlower(c));
  return key;
}

bool type_is_right(const StorageType* type, const char* function) {
  if (type != nullptr && type->device == kVhdx && IsEqualGUID(type->vendor, kMicrosoft)) return true;
  World::get().violate(std::string(function) + ": not the type of a VHDX");
  return false;
}

Disk& disk_of(const std::wstring& file) { return disks[key_of(file.c_str())]; }

bool is_open(HANDLE handle) {
  DWORD flags = 0;
  return handle != nullptr && GetHandleInformation(handle, &flags);
}

// A handle of this value was closed before, and with it went what it held.
void note_opening(HANDLE handle, const std::wstring& file, ULONG access) {
  for (auto& [name, disk] : disks) {
    if (disk.attached == handle) disk.attached = nullptr;
  }
  openings[handle] = {file, access};
}

bool is_attached(const Disk& disk) { return disk.permanent != nullptr || is_open(disk.attached); }

DWORD wished(const char* function, HRESULT* hresult = nullptr) {
  const Fault fault = World::get().fault_for(function);
  if (!fault.hresult) return ERROR_SUCCESS;
  if (hresult != nullptr) *hresult = *fault.hresult;
  return HRESULT_FACILITY(*fault.hresult) == FACILITY_WIN32 ? HRESULT_CODE(*fault.hresult)
                                                            : static_cast<DWORD>(*fault.hresult);
}

const Opening* opening_at(HANDLE handle, const char* function) {
  const auto found = openings.find(handle);
  if (found != openings.end() && is_open(handle)) return &found->second;
  World::get().violate(std::string(function) + ": not the handle of a disk");
  return nullptr;
}

}  // namespace

std::vector<std::string> attached_disks() {
  const std::lock_guard lock(mutex);
  std::vector<std::string> attached;
  for (const auto& [file, disk] : disks) {
    if (is_attached(disk)) attached.push_back(narrow(file.c_str()));
  }
  return attached;
}

void forget_disks() {
  const std::lock_guard lock(mutex);
  for (auto& [file, disk] : disks) {
    if (disk.permanent != nullptr) CloseHandle(disk.permanent);
    disk.permanent = disk.attached = nullptr;
  }
}

std::string disk_volume_error(const std::string& volume) {
  const std::lock_guard lock(mutex);
  for (const auto& [file, disk] : disks) {
    if (volume == volume_of_key(narrow(file.c_str()))) return is_attached(disk) ? "" : ": the disk is not attached";
  }
  return ": there is no volume " + volume;
}

FAKE_EXPORT DWORD virtdisk_CreateVirtualDisk(StorageType* type, PCWSTR path, ULONG access, void* security, ULONG flags,
                                             ULONG provider_flags, CreateParameters* parameters, OVERLAPPED* overlapped,
                                             HANDLE* handle) {
  if (const DWORD error = wished("CreateVirtualDisk")) return error;
  if (!type_is_right(type, "CreateVirtualDisk") || parameters == nullptr || handle == nullptr) {
    return ERROR_INVALID_PARAMETER;
  }
  const auto& v2 = parameters->v2;
  // No access may be asked for with parameters of version 2.
  if (parameters->version != 2 || access != 0 || flags != 0 || provider_flags != 0 || security != nullptr ||
      overlapped != nullptr || v2.parent != nullptr || v2.source != nullptr || v2.maximum_size < (3 << 20) ||
      v2.maximum_size % 512 != 0 || v2.block_size % (1 << 20) != 0) {
    World::get().violate("CreateVirtualDisk: parameters that it does not take");
    return ERROR_INVALID_PARAMETER;
  }
  const HANDLE file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_NEW, 0, nullptr);
  if (file == INVALID_HANDLE_VALUE) return GetLastError();
  const std::lock_guard lock(mutex);
  disk_of(path) = {};
  note_opening(file, path, kAttach | kDetach | kInformation);
  *handle = file;
  return ERROR_SUCCESS;
}

FAKE_EXPORT DWORD virtdisk_OpenVirtualDisk(StorageType* type, PCWSTR path, ULONG access, ULONG flags, void* parameters,
                                           HANDLE* handle) {
  if (const DWORD error = wished("OpenVirtualDisk")) return error;
  if (!type_is_right(type, "OpenVirtualDisk") || flags != 0 || handle == nullptr) return ERROR_INVALID_PARAMETER;
  // Without parameters it is version 1, which wants to know what for.
  if (parameters != nullptr || access == 0) return ERROR_INVALID_PARAMETER;
  const std::lock_guard lock(mutex);
  const auto found = disks.find(key_of(path));
  HANDLE file = INVALID_HANDLE_VALUE;
  if (found != disks.end() && found->second.permanent != nullptr) {
    if ((access & kDetach) == 0) return ERROR_SHARING_VIOLATION;
    DuplicateHandle(GetCurrentProcess(), found->second.permanent, GetCurrentProcess(), &file, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
  } else {
    file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
    if (file == INVALID_HANDLE_VALUE) return GetLastError();
  }
  note_opening(file, path, access);
  *handle = file;
  return ERROR_SUCCESS;
}

FAKE_EXPORT DWORD virtdisk_AttachVirtualDisk(HANDLE handle, void* security, ULONG flags, ULONG provider_flags,
                                             void* parameters, OVERLAPPED* overlapped) {
  if (const DWORD error = wished("AttachVirtualDisk")) return error;
  const std::lock_guard lock(mutex);
  const Opening* opening = opening_at(handle, "AttachVirtualDisk");
  if (opening == nullptr || security != nullptr || provider_flags != 0 || parameters != nullptr ||
      overlapped != nullptr || (flags & ~(kFlagReadonly | kFlagNoDriveLetter | kFlagPermanent)) != 0) {
    return ERROR_INVALID_PARAMETER;
  }
  const ULONG needed = (flags & kFlagReadonly) != 0 ? kAttachReadonly : kAttach;
  if ((opening->access & needed) == 0) return ERROR_ACCESS_DENIED;
  Disk& disk = disk_of(opening->file);
  if (is_attached(disk)) return ERROR_SHARING_VIOLATION;
  disk.attached = handle;
  if ((flags & kFlagPermanent) != 0) {
    DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &disk.permanent, 0, FALSE, DUPLICATE_SAME_ACCESS);
  }
  return ERROR_SUCCESS;
}

FAKE_EXPORT DWORD virtdisk_DetachVirtualDisk(HANDLE handle, ULONG flags, ULONG provider_flags) {
  if (const DWORD error = wished("DetachVirtualDisk")) return error;
  const std::lock_guard lock(mutex);
  const Opening* opening = opening_at(handle, "DetachVirtualDisk");
  if (opening == nullptr || flags != 0 || provider_flags != 0) return ERROR_INVALID_PARAMETER;
  if ((opening->access & kDetach) == 0) return ERROR_ACCESS_DENIED;
  Disk& disk = disk_of(opening->file);
  if (!is_attached(disk)) return ERROR_NOT_FOUND;
  if (disk.permanent != nullptr) CloseHandle(disk.permanent);
  disk.attached = disk.permanent = nullptr;
  return ERROR_SUCCESS;
}

FAKE_EXPORT HRESULT computestorage_HcsFormatWritableLayerVhd(HANDLE handle) {
  HRESULT hresult = S_OK;
  if (wished("HcsFormatWritableLayerVhd", &hresult)) return hresult;
  const std::lock_guard lock(mutex);
  // Until build 17763 it is one of the file.
  wchar_t path[MAX_PATH] = L"";
  const DWORD length = GetFinalPathNameByHandleW(handle, path, MAX_PATH, 0);
  const bool known = openings.contains(handle) || (length > 4 && disks.contains(key_of(path + 4)));
  if (!known && opening_at(handle, "HcsFormatWritableLayerVhd") == nullptr) return E_INVALIDARG;
  // What is on it is seen in the file.
  DWORD put = 0;
  SetFilePointer(handle, 0, nullptr, FILE_BEGIN);
  SetEndOfFile(handle);
  WriteFile(handle, "NTFS", 4, &put, nullptr);
  return S_OK;
}

FAKE_EXPORT HRESULT computestorage_HcsGetLayerVhdMountPath(HANDLE handle, PWSTR* path) {
  *path = nullptr;
  HRESULT hresult = S_OK;
  if (wished("HcsGetLayerVhdMountPath", &hresult)) return hresult;
  const std::lock_guard lock(mutex);
  const Opening* opening = opening_at(handle, "HcsGetLayerVhdMountPath");
  if (opening == nullptr) return E_INVALIDARG;
  if (!is_attached(disk_of(opening->file))) return HRESULT_FROM_WIN32(ERROR_NOT_READY);
  char start[4] = {};
  DWORD got = 0;
  SetFilePointer(handle, 0, nullptr, FILE_BEGIN);
  ReadFile(handle, start, sizeof start, &got, nullptr);
  if (got != sizeof start || memcmp(start, "NTFS", sizeof start) != 0) return HRESULT_FROM_WIN32(ERROR_NOT_READY);
  *path = give(Allocator::kLocal, volume_of_key(narrow(key_of(opening->file.c_str()).c_str())));
  return S_OK;
}

}  // namespace fake
