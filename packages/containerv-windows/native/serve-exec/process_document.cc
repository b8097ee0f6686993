#include "process_document.h"

#include <windows.h>

#include "../../../containerv-linux/native/serve-exec/container_path.h"
#include "../../../containerv-linux/native/serve-exec/line.h"
#include "../../../containerv-linux/native/serve-exec/runtime.h"
#include "command_line_text.h"
#include "wide.h"

namespace containerv {
namespace {

constexpr wchar_t kAdministrator[] = L"ContainerAdministrator";
// What map_into_lcow() puts in front, which is the root of the container itself.
constexpr size_t kLcowRootSize = sizeof "/chef/rootfs" - 1;

bool refuse(const Line& line, int& status) { return status = complain(line), false; }

bool has_separator(const char* path) {
  for (; *path; ++path)
    if (*path == '/' || *path == '\\' || *path == ':') return true;
  return false;
}

std::string inside(const char* path, bool linux_guest) {
  std::string to(std::string_view(path).size() + kLcowRootSize + 2, '\0');
  if (!linux_guest) {
    map_into_container(path, to.data(), Guest::kWindows);
    return to.c_str();
  }
  map_into_lcow(path, to.data());
  const char* below = to.c_str() + kLcowRootSize;
  return *below ? below : "/";
}

// A bare name is looked up in the container's own search path.
std::wstring command_inside(const char* path, bool linux_guest) {
  return widen(has_separator(path) ? inside(path, linux_guest) : path);
}

using Variable = std::pair<std::wstring, std::wstring>;

// As passedEnvironment() of the package serve-exec has it.
std::vector<Variable> passed_environment(const CommandLine& line) {
  std::vector<Variable> passed;
  wchar_t* const block = GetEnvironmentStringsW();
  for (const wchar_t* entry = block; entry && *entry; entry += std::wstring_view(entry).size() + 1) {
    const std::wstring_view text(entry);
    // The name of a drive's current directory begins with '='.
    const size_t end = text.find(L'=', 1);
    if (end == text.npos) continue;
    const auto name = text.substr(0, end);
    if (name == L"TERM" || name == L"LANG" || name == L"LANGUAGE" || name.substr(0, 3) == L"LC_")
      passed.emplace_back(name, text.substr(end + 1));
  }
  if (block) FreeEnvironmentStringsW(block);
  for (size_t i = 0; i < line.variable_count; ++i) {
    const std::wstring asked = widen(line.variables[i]);
    const size_t end = asked.find(L'=');
    if (end != asked.npos)
      passed.emplace_back(asked.substr(0, end), asked.substr(end + 1));
    else if (SetLastError(0), GetEnvironmentVariableW(asked.c_str(), nullptr, 0) > 0)
      passed.emplace_back(asked, environment_variable(asked.c_str()));
  }
  return passed;
}

bool same_name(const std::wstring& one, const std::wstring& other) {
  return CompareStringOrdinal(one.c_str(), static_cast<int>(one.size()), other.c_str(), static_cast<int>(other.size()), TRUE) == CSTR_EQUAL;
}

bool refuse_description(int& status) {
  return refuse(Line().add("The container's description is damaged, or of another version. Install one version of both."), status);
}

// Names are compared without case, and there are no empty values.
bool add_windows_environment(Json& parameters, const CommandLine& line, int& status) {
  const Json* given = parameters.find(L"Environment");
  Json environment = given ? *given : Json::object();
  if (environment.kind != Json::Kind::kObject) return refuse_description(status);
  for (const auto& [name, value] : passed_environment(line)) {
    std::erase_if(environment.members, [&](const auto& member) { return same_name(member.first, name); });
    if (!value.empty()) environment.set(name, Json::string(value));
  }
  parameters.set(L"Environment", std::move(environment));
  return true;
}

bool add_linux_environment(Json& process, const CommandLine& line, int& status) {
  const Json* given = process.find(L"env");
  Json environment = given ? *given : Json::array();
  if (environment.kind != Json::Kind::kArray) return refuse_description(status);
  for (const auto& [name, value] : passed_environment(line)) {
    const std::wstring start = name + L'=';
    std::erase_if(environment.items, [&](const Json& item) { return item.text.substr(0, start.size()) == start; });
    environment.items.push_back(Json::string(start + value));
  }
  process.set(L"env", std::move(environment));
  return true;
}

// windowsAccount() of src/security.
bool set_account(Json& parameters, const JoinFile& join, const char* user, int& status) {
  bool digits = true, group = false;
  for (const char* at = user; *at; ++at) {
    digits = digits && *at >= '0' && *at <= '9';
    group = group || *at == ':';
  }
  // Container root: whom the policy makes of it.
  if (same(user, "0")) return parameters.set(L"User", Json::string(join.administrator ? kAdministrator : L"ContainerUser")), true;
  if (digits || group)
    return refuse(Line().add("--user ").add(user).add(" is no account of Windows. Name an account of the container."), status);
  const std::wstring name = widen(user);
  if (!join.administrator && same_name(name, kAdministrator))
    return refuse(Line().add("The container's policy does not allow --user ").add(user).add(". Leave it out."), status);
  parameters.set(L"User", Json::string(name));
  return true;
}

// By ids only, as in the driver: the host cannot look names up in a root that the virtual machine holds.
bool set_ids(Json& process, const char* user, int& status) {
  unsigned long long ids[2] = {};
  int count = 0;
  const char* at = user;
  for (bool valid = true; valid && count < 2;) {
    valid = *at >= '0' && *at <= '9';
    while (*at >= '0' && *at <= '9' && ids[count] <= 0xFFFFFFFF) ids[count] = ids[count] * 10 + static_cast<unsigned>(*at++ - '0');
    // -1 is no id.
    valid = valid && ids[count] < 0xFFFFFFFF && *at == (count == 0 ? ':' : '\0');
    if (valid) ++count, ++at;
  }
  if (count < 2) {
    Line line;
    line.add("--user ").add(user).add(" is not UID:GID. Users of a Linux container on Windows are told by their ids, such as 1000:1000.");
    return refuse(line, status);
  }
  Json ids_of = Json::object();
  ids_of.set(L"uid", Json::number(static_cast<unsigned long>(ids[0])));
  ids_of.set(L"gid", Json::number(static_cast<unsigned long>(ids[1])));
  process.set(L"user", std::move(ids_of));
  return true;
}

bool fill_windows(Json& parameters, const JoinFile& join, const CommandLine& line, const std::vector<std::wstring>& argv,
                  const Wiring& wiring, int& status) {
  if (argv.front().find(L'"') != argv.front().npos)
    return refuse(Line().add("--path ").add(line.path).add(" holds a quote, which no file of Windows can. Name another command."), status);
  const std::wstring text = quote_command_line(argv);
  if (text.size() > kMaxCommandLine) {
    Line said;
    said.add("The command line has ").add(static_cast<long>(text.size())).add(" characters, and Windows takes ");
    return refuse(said.add(static_cast<long>(kMaxCommandLine)).add(". Pass the rest in a file or through stdin."), status);
  }
  parameters.set(L"CommandLine", Json::string(text));
  if (line.user && !set_account(parameters, join, line.user, status)) return false;
  if (line.wdir) parameters.set(L"WorkingDirectory", Json::string(widen(inside(line.wdir, false))));
  if (!add_windows_environment(parameters, line, status)) return false;
  parameters.set(L"EmulateConsole", Json::truth(wiring.terminal));
  if (wiring.terminal) {
    Json size = Json::array();
    // Height first.
    size.items = {Json::number(wiring.rows), Json::number(wiring.columns)};
    parameters.set(L"ConsoleSize", std::move(size));
  }
  return true;
}

bool fill_linux(Json& parameters, const CommandLine& line, const std::vector<std::wstring>& argv, const Wiring& wiring, int& status) {
  const Json* given = parameters.find(L"OciProcess");
  if (!given || given->kind != Json::Kind::kObject) return refuse_description(status);
  Json process = *given;
  Json arguments = Json::array();
  for (const auto& argument : argv) arguments.items.push_back(Json::string(argument));
  process.set(L"args", std::move(arguments));
  if (line.user && !set_ids(process, line.user, status)) return false;
  if (line.wdir) process.set(L"cwd", Json::string(widen(inside(line.wdir, true))));
  if (!add_linux_environment(process, line, status)) return false;
  process.set(L"terminal", Json::truth(wiring.terminal));
  if (wiring.terminal) {
    Json size = Json::object();
    size.set(L"height", Json::number(wiring.rows));
    size.set(L"width", Json::number(wiring.columns));
    process.set(L"consoleSize", std::move(size));
  }
  parameters.set(L"OciProcess", std::move(process));
  return true;
}

}  // namespace

bool process_document(const JoinFile& join, const CommandLine& line, const Wiring& wiring, std::wstring& document, int& status) {
  Json parameters = join.parameters;
  std::vector<std::wstring> argv = {command_inside(line.path, join.linux_guest)};
  for (char** argument = line.arguments; *argument; ++argument) argv.push_back(widen(*argument));
  if (!(join.linux_guest ? fill_linux(parameters, line, argv, wiring, status)
                         : fill_windows(parameters, join, line, argv, wiring, status)))
    return false;
  parameters.set(L"CreateStdInPipe", Json::truth(wiring.input));
  parameters.set(L"CreateStdOutPipe", Json::truth(wiring.output));
  // A terminal is one stream of output.
  parameters.set(L"CreateStdErrPipe", Json::truth(wiring.error && !wiring.terminal));
  document = parameters.write();
  return true;
}

}  // namespace containerv
