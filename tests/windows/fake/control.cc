// What tests say to the fake and hear from it; no library of Windows has these.
#include <objbase.h>

#include "disks.h"
#include "json.h"
#include "layers.h"
#include "systems.h"
#include "world.h"

namespace fake {

// {"function", "times", "skip", "hresult", "document", "at", "delayMs", "hold", "completionDelayMs", "lost", "synchronous", "garbage"}
FAKE_EXPORT int FakeInject(PCWSTR text) {
  Json wish;
  if (!parse_json(narrow(text), &wish)) return 0;
  Fault fault;
  fault.function = wish.text_of("function");
  fault.times = static_cast<int>(wish.number_of("times", 1));
  fault.skip = static_cast<int>(wish.number_of("skip", 0));
  if (wish.find("hresult") != nullptr) {
    fault.hresult = static_cast<HRESULT>(static_cast<UINT32>(wish.number_of("hresult", 0)));
  }
  fault.document = wish.text_of("document");
  fault.at_completion = wish.text_of("at") == "completion";
  fault.delay_ms = static_cast<DWORD>(wish.number_of("delayMs", 0));
  fault.hold = wish.text_of("hold");
  fault.completion_delay_ms = static_cast<DWORD>(wish.number_of("completionDelayMs", 0));
  fault.lost = wish.is("lost");
  fault.synchronous = wish.is("synchronous");
  fault.garbage = wish.is("garbage");
  World::get().inject(std::move(fault));
  return 1;
}

// Without ending anything: for whoever waits until the last is closed.
FAKE_EXPORT int FakeOpenHandles() { return World::get().open_handles(); }

// How many calls and operations stand still, as a test wished.
FAKE_EXPORT int FakeHeld() { return World::get().held(); }

// Lets all of them go on.
FAKE_EXPORT void FakeRelease() { World::get().let_go(); }

// {"violations", "handles", "strings", "systems", "layers", "disks"} of everything since the last report, which ends it.
FAKE_EXPORT int FakeReport(char* buffer, int size) {
  const auto list = [](const std::vector<std::string>& values) {
    std::string text = "[";
    for (const std::string& value : values) text += (text.size() > 1 ? "," : "") + quote_json(value);
    return text + "]";
  };
  const std::string systems = list(end_all_systems());
  World::get().settle();
  std::string report = World::get().report();
  report.pop_back();
  report += ",\"systems\":" + systems + ",\"layers\":" + list(layers_in_use()) +
            ",\"disks\":" + list(attached_disks()) + "}";
  World::get().reset();
  forget_layers();
  forget_disks();
  if (static_cast<int>(report.size()) + 1 > size) return 0;
  report.copy(buffer, report.size());
  buffer[report.size()] = '\0';
  return 1;
}

}  // namespace fake
