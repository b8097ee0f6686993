// The world of a program that has no test in it: systems that run already, and faults, from the file FAKE_HCS_SEED.
// {"systems": [{"id", "owner", "state"}], "faults": [each as FakeInject takes it, in a string]}
#include <cstdio>

#include "json.h"
#include "systems.h"

extern "C" int FakeInject(PCWSTR text);

namespace fake {
namespace {

std::string read_file(const wchar_t* path) {
  std::string text;
  FILE* const file = _wfopen(path, L"rb");
  if (file == nullptr) return text;
  char buffer[4096];
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, got);
  fclose(file);
  return text;
}

bool seed() {
  wchar_t path[MAX_PATH] = L"";
  if (GetEnvironmentVariableW(L"FAKE_HCS_SEED", path, MAX_PATH) == 0) return true;
  Json wishes;
  if (!parse_json(read_file(path), &wishes)) {
    World::get().violate("the seed is no JSON");
    return false;
  }
  if (const Json* systems = wishes.find("systems")) {
    for (const Json& system : systems->items) {
      Json document;
      document.kind = Json::Kind::kObject;
      document.members["Owner"] = *system.find("owner");
      add_system(system.text_of("id"), document, system.text_of("state") == "Paused" ? State::kPaused : State::kRunning);
    }
  }
  if (const Json* faults = wishes.find("faults")) {
    // As text, since that is how they are read.
    for (const Json& fault : faults->items) FakeInject(widen(fault.text).c_str());
  }
  return true;
}

const bool seeded = seed();

}  // namespace
}  // namespace fake
