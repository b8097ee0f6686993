#include "failure.h"

#include "../../../containerv-linux/native/serve-exec/line.h"
#include "json.h"
#include "wide.h"

namespace containerv {
namespace {

// The service has two families of codes with the same low words.
unsigned normal(HRESULT hresult) {
  const auto code = static_cast<unsigned>(hresult);
  return code >> 16 == 0xC037 ? 0x80370000 | (code & 0xFFFF) : code;
}

constexpr unsigned kInvalidState = 0x80370105;
constexpr unsigned kSystemNotFound = 0x8037010E;
constexpr unsigned kSystemStopped = 0x80370110;
constexpr unsigned kServiceNotAvailable = 0x80370114;
constexpr unsigned kAccessDenied = 0x8037011B;
constexpr unsigned kServiceDisconnect = 0x8037011E;
constexpr unsigned kProcessStopped = 0x8037011F;
constexpr unsigned kNotFound = 0x80070490;
constexpr unsigned win32(unsigned error) { return 0x80070000 | error; }

Line& add_code(Line& line, HRESULT hresult) {
  wchar_t text[16];
  wsprintfW(text, L"0x%08X", static_cast<unsigned>(hresult));
  return line.add(" (").add(narrow(text).c_str()).add(")");
}

// What the service adds is in its ResultError document.
void add_more(Line& line, const std::wstring& more) {
  const auto document = Json::parse(more);
  if (!document) return;
  if (const auto* message = document->text_at(L"ErrorMessage")) line.add(": ").add(narrow(*message).c_str());
}

int complain_of_service(HRESULT hresult, const std::wstring& more, const CommandLine& line, const char* step) {
  Line said;
  switch (normal(hresult)) {
    case kSystemNotFound:
    case kSystemStopped:
    case kNotFound:
      said.add("Container '").add(line.container).add("' is stopped. Start it first.");
      break;
    case kInvalidState:
      said.add("Container '").add(line.container).add("' does not run, or is paused. Start or resume it first.");
      break;
    case kAccessDenied:
    case win32(ERROR_ACCESS_DENIED):
      add_code(said.add("The Host Compute Service refused to ").add(step), hresult);
      said.add(". Run as an administrator, or as a member of the group Hyper-V Administrators.");
      break;
    case kServiceNotAvailable:
    case kServiceDisconnect:
    case win32(ERROR_SERVICE_NOT_ACTIVE):
      add_code(said.add("The Host Compute Service does not run"), hresult).add(". Start it: Start-Service vmcompute");
      break;
    default:
      add_code(said.add("The Host Compute Service could not ").add(step), hresult);
      add_more(said, more);
      said.add(". Look at the container: containerv inspect ").add(line.container);
  }
  return complain(said);
}

}  // namespace

bool is_gone(HRESULT hresult) {
  const unsigned code = normal(hresult);
  return code == kNotFound || code == kProcessStopped || code == kSystemNotFound || code == kSystemStopped;
}

int complain_of_open(HRESULT hresult, const std::wstring& more, const CommandLine& line) {
  return complain_of_service(hresult, more, line, "open the container");
}

int complain_of_start(HRESULT hresult, const std::wstring& more, const CommandLine& line) {
  constexpr int kNotExecutable = 126, kCommandNotFound = 127;
  Line said;
  switch (normal(hresult)) {
    case win32(ERROR_FILE_NOT_FOUND):
    case win32(ERROR_PATH_NOT_FOUND):
      add_code(said.add("Command not found: '").add(line.path).add("'"), hresult);
      return complain(said.add(". The path is looked up inside the container."), kCommandNotFound);
    case win32(ERROR_ACCESS_DENIED):
      add_code(said.add("Not executable: '").add(line.path).add("'"), hresult);
      return complain(said.add(". Check who may execute it in the container."), kNotExecutable);
    case win32(ERROR_BAD_EXE_FORMAT):
      add_code(said.add("Not a program for this machine: '").add(line.path).add("'"), hresult);
      return complain(said.add(". Name a program, or its interpreter with it as an argument."), kNotExecutable);
    case win32(ERROR_FILENAME_EXCED_RANGE):
      add_code(said.add("The command line of '").add(line.path).add("' is too long"), hresult);
      return complain(said.add(". Pass the rest in a file or through stdin."), kNotExecutable);
    case win32(ERROR_DIRECTORY):
      add_code(said.add("Cannot enter '").add(line.wdir ? line.wdir : "the container's directory").add("'"), hresult);
      return complain(said.add(". Choose another --wdir; it is a directory of the container."));
    case win32(ERROR_NO_SUCH_USER):
      add_code(said.add("There is no account '").add(line.user ? line.user : "").add("' in the container"), hresult);
      return complain(said.add(". Choose another --user."));
    default:
      return complain_of_service(hresult, more, line, "start the command");
  }
}

}  // namespace containerv
