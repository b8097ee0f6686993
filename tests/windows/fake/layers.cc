#include "layers.h"

#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "text.h"
#include "world.h"

namespace fake {
namespace {

namespace fs = std::filesystem;

// DRIVER_INFO and WC_LAYER_DESCRIPTOR as vmcompute.dll takes them: 16 and 32 bytes.
struct DriverInfo {
  UINT32 flavour;
  PCWSTR home;
};
static_assert(sizeof(DriverInfo) == 16);

struct LayerDescriptor {
  GUID id;
  UINT32 flags;
  PCWSTR path;
};
static_assert(sizeof(LayerDescriptor) == 32);

enum class Stage { kCreated, kActivated, kPrepared };

std::mutex mutex;
std::map<std::string, Stage> scratches;

std::string key_of(PCWSTR path) {
  std::string key = narrow(path);
  for (char& c : key) c = static_cast<char>(c == '/' ? '\\' : tolower(c));
  while (key.size() > 3 && key.back() == '\\') key.pop_back();
  return key;
}

std::string guid_text(const GUID& guid) {
  char text[64];
  wsprintfA(text, "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid.Data1, guid.Data2, guid.Data3,
            guid.Data4[0], guid.Data4[1], guid.Data4[2], guid.Data4[3], guid.Data4[4], guid.Data4[5], guid.Data4[6],
            guid.Data4[7]);
  return text;
}

std::string base_name(const std::string& path) { return path.substr(path.find_last_of("\\/") + 1); }

bool driver_is_right(const DriverInfo* info, const char* function) {
  if (info != nullptr && info->flavour == 1 && info->home != nullptr && *info->home == L'\0') return true;
  World::get().violate(std::string(function) + ": DRIVER_INFO is not {1, \"\"}");
  return false;
}

bool layers_are_right(const LayerDescriptor* layers, UINT32 count, const char* function) {
  for (UINT32 i = 0; i < count; i++) {
    const std::string path = narrow(layers[i].path);
    if (layers[i].flags != 0 || !fs::is_directory(widen(path))) {
      World::get().violate(std::string(function) + ": '" + path + "' is no layer folder");
      return false;
    }
    const GUID expected = name_to_guid(base_name(path));
    if (std::memcmp(&expected, &layers[i].id, sizeof expected) != 0) {
      World::get().violate(std::string(function) + ": the id of '" + path + "' is not that of its name");
      return false;
    }
  }
  return count > 0;
}

// Moves a scratch from one stage to the next, or says that it is not where it should be.
HRESULT advance(const DriverInfo* info, PCWSTR id, Stage from, Stage to, const char* function) {
  const Fault fault = World::get().fault_for(function);
  if (fault.hresult) return *fault.hresult;
  if (!driver_is_right(info, function)) return E_INVALIDARG;
  const std::lock_guard lock(mutex);
  const auto found = scratches.find(key_of(id));
  if (found == scratches.end()) return HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND);
  if (found->second != from) {
    World::get().violate(std::string(function) + ": '" + narrow(id) + "' is in another stage");
    return HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER);
  }
  found->second = to;
  return S_OK;
}

// Machines and files, in one spelling.
std::set<std::pair<std::string, std::string>> granted;

}  // namespace

std::string volume_of_key(const std::string& key) {
  return "\\\\?\\Volume{" + guid_text(name_to_guid(key)) + "}\\";
}

bool is_granted(const std::string& machine, const std::string& file) {
  const std::lock_guard lock(mutex);
  return granted.contains({machine, key_of(widen(file).c_str())});
}

GUID name_to_guid(const std::string& name) {
  // FNV-1a, twice; version 5 and the variant in their places.
  UINT64 halves[2] = {0xcbf29ce484222325, 0x84222325cbf29ce4};
  for (UINT64& half : halves) {
    for (const char c : name) half = (half ^ static_cast<unsigned char>(tolower(c))) * 0x100000001b3;
  }
  GUID guid;
  std::memcpy(&guid, halves, sizeof guid);
  guid.Data3 = static_cast<UINT16>((guid.Data3 & 0x0fff) | 0x5000);
  guid.Data4[0] = static_cast<BYTE>((guid.Data4[0] & 0x3f) | 0x80);
  return guid;
}

std::string layers_error(const Json& layers, const char* id_name, const std::string& volume) {
  for (const Json& layer : layers.items) {
    const std::string path = layer.text_of("Path");
    if (!fs::is_directory(widen(path))) return ": '" + path + "' is no folder";
    if (layer.text_of(id_name) != guid_text(name_to_guid(base_name(path)))) {
      return ": the id of '" + path + "' is not that of its name";
    }
  }
  if (volume.empty()) return "";
  const std::lock_guard lock(mutex);
  for (const auto& [key, stage] : scratches) {
    const std::string own = volume_of_key(key);
    if (volume != own && volume + "\\" != own) continue;
    return stage == Stage::kPrepared ? "" : ": the scratch is not prepared";
  }
  return ": there is no volume " + volume;
}

HRESULT destroy_layer(PCWSTR id, const char* function) {
  const std::lock_guard lock(mutex);
  const auto found = scratches.find(key_of(id));
  if (found != scratches.end()) {
    if (found->second != Stage::kCreated) {
      World::get().violate(std::string(function) + ": '" + narrow(id) + "' is still activated");
      return HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION);
    }
    scratches.erase(found);
  }
  std::error_code error;
  fs::remove_all(fs::path(id), error);
  return error ? HRESULT_FROM_WIN32(ERROR_ACCESS_DENIED) : S_OK;
}

std::vector<std::string> layers_in_use() {
  const std::lock_guard lock(mutex);
  std::vector<std::string> used;
  for (const auto& [key, stage] : scratches) used.push_back(key);
  return used;
}

void forget_layers() {
  const std::lock_guard lock(mutex);
  scratches.clear();
  granted.clear();
}

bool exchange_is_right(const void* info, const void* layers, UINT32 count, const char* function) {
  return driver_is_right(static_cast<const DriverInfo*>(info), function) &&
         layers_are_right(static_cast<const LayerDescriptor*>(layers), count, function);
}

fs::path first_layer(const void* layers) { return fs::path(static_cast<const LayerDescriptor*>(layers)->path); }

bool is_activated(PCWSTR scratch) {
  const std::lock_guard lock(mutex);
  const auto found = scratches.find(key_of(scratch));
  return found != scratches.end() && found->second == Stage::kActivated;
}

FAKE_EXPORT HRESULT vmcompute_NameToGuid(PCWSTR name, GUID* guid) {
  if (name == nullptr || guid == nullptr) return E_INVALIDARG;
  *guid = name_to_guid(narrow(name));
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_CreateSandboxLayer(DriverInfo* info, PCWSTR id, PCWSTR parent, LayerDescriptor* layers,
                                                 UINT32 count) {
  const Fault fault = World::get().fault_for("CreateSandboxLayer");
  if (fault.hresult) return *fault.hresult;
  if (!driver_is_right(info, "CreateSandboxLayer") || parent != nullptr) return E_INVALIDARG;
  if (!layers_are_right(layers, count, "CreateSandboxLayer")) return kInvalidLayer;
  std::error_code error;
  const fs::path folder(id);
  if (!fs::is_directory(folder, error)) return HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND);
  HANDLE disk = CreateFileW((folder / L"sandbox.vhdx").c_str(), GENERIC_WRITE, 0, nullptr, CREATE_NEW, 0, nullptr);
  if (disk == INVALID_HANDLE_VALUE) return HRESULT_FROM_WIN32(GetLastError());
  CloseHandle(disk);
  const std::lock_guard lock(mutex);
  scratches[key_of(id)] = Stage::kCreated;
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_ExpandSandboxSize(DriverInfo* info, PCWSTR id, UINT64 bytes) {
  const Fault fault = World::get().fault_for("ExpandSandboxSize");
  if (fault.hresult) return *fault.hresult;
  if (!driver_is_right(info, "ExpandSandboxSize") || bytes < (20ULL << 30)) return E_INVALIDARG;
  const std::lock_guard lock(mutex);
  return scratches.contains(key_of(id)) ? S_OK : HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND);
}

FAKE_EXPORT HRESULT vmcompute_ActivateLayer(DriverInfo* info, PCWSTR id) {
  return advance(info, id, Stage::kCreated, Stage::kActivated, "ActivateLayer");
}

FAKE_EXPORT HRESULT vmcompute_DeactivateLayer(DriverInfo* info, PCWSTR id) {
  return advance(info, id, Stage::kActivated, Stage::kCreated, "DeactivateLayer");
}

FAKE_EXPORT HRESULT vmcompute_PrepareLayer(DriverInfo* info, PCWSTR id, LayerDescriptor* layers, UINT32 count) {
  static LONG running = 0;
  if (InterlockedIncrement(&running) > 1) World::get().violate("PrepareLayer: twice at the same time");
  Sleep(1);
  HRESULT result = kInvalidLayer;
  if (layers_are_right(layers, count, "PrepareLayer")) {
    result = advance(info, id, Stage::kActivated, Stage::kPrepared, "PrepareLayer");
  }
  InterlockedDecrement(&running);
  return result;
}

FAKE_EXPORT HRESULT vmcompute_UnprepareLayer(DriverInfo* info, PCWSTR id) {
  return advance(info, id, Stage::kPrepared, Stage::kActivated, "UnprepareLayer");
}

FAKE_EXPORT HRESULT vmcompute_GetLayerMountPath(DriverInfo* info, PCWSTR id, SIZE_T* length, PWSTR buffer) {
  const Fault fault = World::get().fault_for("GetLayerMountPath");
  if (fault.hresult) return *fault.hresult;
  if (!driver_is_right(info, "GetLayerMountPath") || length == nullptr) return E_INVALIDARG;
  std::wstring path;
  {
    const std::lock_guard lock(mutex);
    const auto found = scratches.find(key_of(id));
    if (found == scratches.end()) return HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND);
    if (found->second != Stage::kCreated) path = widen(volume_of_key(found->first));
  }
  if (buffer != nullptr) {
    if (*length < path.size() + 1) return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    std::memcpy(buffer, path.c_str(), (path.size() + 1) * sizeof(wchar_t));
  }
  *length = path.size() + 1;
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_DestroyLayer(DriverInfo* info, PCWSTR id) {
  const Fault fault = World::get().fault_for("DestroyLayer");
  if (fault.hresult) return *fault.hresult;
  if (!driver_is_right(info, "DestroyLayer")) return E_INVALIDARG;
  return destroy_layer(id, "DestroyLayer");
}

FAKE_EXPORT HRESULT vmcompute_LayerExists(DriverInfo* info, PCWSTR id, UINT32* exists) {
  if (!driver_is_right(info, "LayerExists") || exists == nullptr) return E_INVALIDARG;
  *exists = fs::is_directory(fs::path(id)) ? 1 : 0;
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_GrantVmAccess(PCWSTR vm, PCWSTR file) {
  const Fault fault = World::get().fault_for("GrantVmAccess");
  if (fault.hresult) return *fault.hresult;
  if (vm == nullptr || *vm == L'\0') return E_INVALIDARG;
  if (!fs::exists(fs::path(file))) return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
  const std::lock_guard lock(mutex);
  granted.insert({narrow(vm), key_of(file)});
  return S_OK;
}

FAKE_EXPORT HRESULT computecore_HcsRevokeVmAccess(PCWSTR vm, PCWSTR file) {
  const std::lock_guard lock(mutex);
  return granted.erase({narrow(vm), key_of(file)}) == 1 ? S_OK : HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
}

}  // namespace fake
