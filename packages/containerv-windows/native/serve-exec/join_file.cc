#include "join_file.h"

#include "../../../containerv-linux/native/serve-exec/line.h"
#include "unique_handle.h"
#include "wide.h"

namespace containerv {
namespace {

constexpr size_t kMaxBytes = 32 * 1024 * 1024;

bool is_full(const std::wstring& path) {
  const auto separates = [](wchar_t unit) { return unit == L'\\' || unit == L'/'; };
  const wchar_t drive = path.empty() ? L'\0' : static_cast<wchar_t>(path[0] | 0x20);
  if (path.size() >= 3 && drive >= L'a' && drive <= L'z' && path[1] == L':' && separates(path[2])) return true;
  return path.size() >= 3 && separates(path[0]) && separates(path[1]);
}

// baseDirectories() of src/state/directories.ts.
std::wstring state_directory(int& status) {
  const std::wstring chosen = environment_variable(L"CONTAINERV_STATE_DIR");
  if (is_full(chosen)) return chosen;
  Line line;
  if (!chosen.empty()) {
    line.add("CONTAINERV_STATE_DIR is '").add(narrow(chosen).c_str()).add("'. Set it to a full path.");
  } else {
    const std::wstring local = environment_variable(L"LOCALAPPDATA");
    if (is_full(local)) return local + L"\\containerv\\state";
    line.add("There is no directory for containers: LOCALAPPDATA is not set. Set it, or CONTAINERV_STATE_DIR.");
  }
  return status = complain(line), L"";
}

bool read_file(HANDLE file, std::string& bytes) {
  char buffer[65536];
  DWORD got = 0;
  while (ReadFile(file, buffer, sizeof buffer, &got, nullptr)) {
    if (got == 0) return true;
    if (bytes.size() + got > kMaxBytes) return false;
    bytes.append(buffer, got);
  }
  return false;
}

}  // namespace

std::wstring environment_variable(const wchar_t* name) {
  const DWORD size = GetEnvironmentVariableW(name, nullptr, 0);
  std::wstring value(size, L'\0');
  value.resize(size == 0 ? 0 : GetEnvironmentVariableW(name, value.data(), size));
  return value;
}

bool JoinFile::read(const char* id, int& status) {
  const std::wstring directory = state_directory(status);
  if (directory.empty()) return false;
  const std::wstring path = directory + L'\\' + widen(id) + L"\\join.json";
  // A name that is a device (con, nul) is one in every directory.
  const UniqueHandle file(CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                      OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, nullptr));
  Line line;
  if (!file) {
    const DWORD error = GetLastError();
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
      line.add("There is no container '").add(id).add("'. See what there is: containerv ps");
    else
      line.add("Cannot read ").add(narrow(path).c_str()).add(" (error ").add(static_cast<long>(error)).add(
          "). A container can be joined by the user who made it.");
    return status = complain(line), false;
  }
  std::string bytes;
  const bool complete = GetFileType(file.get()) == FILE_TYPE_DISK && read_file(file.get(), bytes);
  auto document = complete ? Json::parse(widen(bytes)) : std::nullopt;
  const Json* version = document ? document->find(L"version") : nullptr;
  const std::wstring* tag = document ? document->text_at(L"owner") : nullptr;
  const std::wstring* guest = document ? document->text_at(L"guest") : nullptr;
  const Json* given = document ? document->find(L"parameters") : nullptr;
  const bool known = version && version->kind == Json::Kind::kNumber && version->text == L"1" && tag && !tag->empty() && guest && (*guest == L"windows" || *guest == L"linux") &&
                     given && given->kind == Json::Kind::kObject;
  if (!known) {
    line.add(narrow(path).c_str()).add(" is damaged, or of another version. Install one version of both.");
    return status = complain(line), false;
  }
  owner = *tag;
  linux_guest = *guest == L"linux";
  administrator = document->is(L"administrator");
  parameters = *given;
  return true;
}

}  // namespace containerv
