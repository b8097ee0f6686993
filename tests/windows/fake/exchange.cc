// Layers as folders that can be moved: what a scratch has of its own, and read-only layers made of such.
// A file in such a folder is its attributes, four bytes, and a backup stream (BackupWrite); what there is to say about a
// directory is in a file beside it.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "layers.h"
#include "text.h"
#include "world.h"

namespace fake {
namespace {

namespace fs = std::filesystem;

constexpr wchar_t kDirectoryMetadata[] = L".$wcidirs$";
constexpr DWORD kData = 1, kAlternateData = 4, kLast = 11;

// Both functions read and write files of others.
bool has_privileges(const char* function) {
  HANDLE token = nullptr;
  OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token);
  bool all = true;
  for (PCWSTR name : {L"SeBackupPrivilege", L"SeRestorePrivilege"}) {
    PRIVILEGE_SET wanted = {};
    wanted.PrivilegeCount = 1;
    wanted.Control = PRIVILEGE_SET_ALL_NECESSARY;
    LookupPrivilegeValueW(nullptr, name, &wanted.Privilege[0].Luid);
    BOOL held = FALSE;
    all = PrivilegeCheck(token, &wanted, &held) && held && all;
  }
  CloseHandle(token);
  if (!all) World::get().violate(std::string(function) + ": the privileges for it are off");
  return all;
}

// Not std::filesystem::copy, which throws with this compiler.
void copy_tree(const fs::path& from, const fs::path& to) {
  CreateDirectoryW(to.c_str(), nullptr);
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    if (entry.is_directory()) copy_tree(entry.path(), target);
    else CopyFileW(entry.path().c_str(), target.c_str(), FALSE);
  }
}

// The content of a file, out of its attributes and streams. False for what BackupWrite would not take.
bool read_streams(const fs::path& file, std::string* data) {
  std::ifstream input(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(input)), {});
  size_t at = sizeof(DWORD);
  if (text.size() < at) return false;
  while (at < text.size()) {
    DWORD id = 0, attributes = 0, name_bytes = 0;
    UINT64 size = 0;
    if (text.size() - at < 20) return false;
    std::memcpy(&id, &text[at], 4);
    std::memcpy(&attributes, &text[at + 4], 4);
    std::memcpy(&size, &text[at + 8], 8);
    std::memcpy(&name_bytes, &text[at + 16], 4);
    at += 20;
    if (id == 0 || id > kLast || (id == kAlternateData) != (name_bytes > 0)) return false;
    if (text.size() - at < name_bytes || text.size() - at - name_bytes < size) return false;
    at += name_bytes;
    if (id == kData) *data = text.substr(at, size);
    at += size;
  }
  return true;
}

bool import_files(const fs::path& from, const fs::path& to) {
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    if (entry.is_directory()) {
      if (!fs::exists(entry.path().wstring() + kDirectoryMetadata)) return false;
      fs::create_directory(target);
      if (!import_files(entry.path(), target)) return false;
      continue;
    }
    std::string data;
    if (!read_streams(entry.path(), &data)) return false;
    const std::wstring name = entry.path().filename();
    const std::wstring suffix = kDirectoryMetadata;
    if (name.size() > suffix.size() && name.ends_with(suffix)) continue;
    std::ofstream(target, std::ios::binary | std::ios::trunc) << data;
  }
  return true;
}

}  // namespace

FAKE_EXPORT HRESULT vmcompute_ExportLayer(const void* info, PCWSTR id, PCWSTR folder, const void* layers, UINT32 count) {
  const Fault fault = World::get().fault_for("ExportLayer");
  if (fault.hresult) return *fault.hresult;
  if (!exchange_is_right(info, layers, count, "ExportLayer") || !has_privileges("ExportLayer")) return E_INVALIDARG;
  if (!is_activated(id)) {
    World::get().violate("ExportLayer: the layer is not activated, or still prepared");
    return HRESULT_FROM_WIN32(ERROR_NOT_READY);
  }
  const fs::path target(folder);
  if (!fs::is_directory(target) || !fs::is_empty(target)) return HRESULT_FROM_WIN32(ERROR_DIR_NOT_EMPTY);
  // What a container would have written, as a test has put it there.
  const fs::path written = fs::path(id) / L"written";
  if (fs::exists(written)) {
    copy_tree(written, target);
  } else {
    fs::create_directories(target / L"Files");
    fs::create_directories(target / L"Hives");
  }
  if (!fs::exists(target / L"tombstones.txt")) {
    std::ofstream(target / L"tombstones.txt", std::ios::binary) << "\xef\xbb\xbfVersion 1.0\r\n";
  }
  return S_OK;
}

FAKE_EXPORT HRESULT vmcompute_ImportLayer(const void* info, PCWSTR id, PCWSTR folder, const void* layers, UINT32 count) {
  const Fault fault = World::get().fault_for("ImportLayer");
  if (fault.hresult) return *fault.hresult;
  if (!exchange_is_right(info, layers, count, "ImportLayer") || !has_privileges("ImportLayer")) return E_INVALIDARG;
  const fs::path source(folder), target(id);
  if (!fs::is_directory(target) || !fs::is_empty(target)) return HRESULT_FROM_WIN32(ERROR_DIR_NOT_EMPTY);
  for (const auto& entry : fs::directory_iterator(source)) {
    if (entry.path().filename() == L"Files" || entry.path().filename() == L"Hives") continue;
    World::get().violate("ImportLayer: what is " + narrow(entry.path().filename().c_str()) + "?");
    return E_INVALIDARG;
  }
  // A layer has all of its parent's files, and its own over them.
  fs::create_directory(target / L"Hives");
  copy_tree(first_layer(layers) / L"Files", target / L"Files");
  if (!import_files(source / L"Files", target / L"Files")) {
    World::get().violate("ImportLayer: a file that is none");
    return HRESULT_FROM_WIN32(ERROR_INVALID_DATA);
  }
  return S_OK;
}

}  // namespace fake
