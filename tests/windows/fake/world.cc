#include "world.h"

#include <objidl.h>
#include <objbase.h>

#include <cstdlib>

#include "json.h"

namespace fake {
namespace {

// Tells which memory of ours CoTaskMemFree has got, and so which it has not.
class Spy : public IMallocSpy {
 public:
  HRESULT STDMETHODCALLTYPE QueryInterface(REFIID, void** object) override {
    *object = this;
    return S_OK;
  }
  ULONG STDMETHODCALLTYPE AddRef() override { return 2; }
  ULONG STDMETHODCALLTYPE Release() override { return 1; }
  SIZE_T STDMETHODCALLTYPE PreAlloc(SIZE_T size) override { return size; }
  void* STDMETHODCALLTYPE PostAlloc(void* memory) override { return memory; }
  void* STDMETHODCALLTYPE PreFree(void* memory, WINBOOL) override {
    World::get().freed(memory);
    return memory;
  }
  void STDMETHODCALLTYPE PostFree(WINBOOL) override {}
  SIZE_T STDMETHODCALLTYPE PreRealloc(void* memory, SIZE_T size, void** next, WINBOOL) override {
    *next = memory;
    return size;
  }
  void* STDMETHODCALLTYPE PostRealloc(void* memory, WINBOOL) override { return memory; }
  void* STDMETHODCALLTYPE PreGetSize(void* memory, WINBOOL) override { return memory; }
  SIZE_T STDMETHODCALLTYPE PostGetSize(SIZE_T size, WINBOOL) override { return size; }
  void* STDMETHODCALLTYPE PreDidAlloc(void* memory, WINBOOL) override { return memory; }
  int STDMETHODCALLTYPE PostDidAlloc(void*, WINBOOL, int actual) override { return actual; }
  void STDMETHODCALLTYPE PreHeapMinimize() override {}
  void STDMETHODCALLTYPE PostHeapMinimize() override {}
};

DWORD WINAPI run_work(void* work) {
  (*std::unique_ptr<std::function<void()>>(static_cast<std::function<void()>*>(work)))();
  return 0;
}

std::string hexadecimal(uintptr_t value) {
  char text[32];
  wsprintfA(text, "0x%Ix", value);
  return text;
}

}  // namespace

World& World::get() {
  // Never destroyed: threads of the service may outlive main().
  static World* const world = [] {
    static Spy spy;
    CoRegisterMallocSpy(&spy);
    // Threads of the service, and ole32.dll through the spy, call into this library until the process is gone, whoever
    // gives it up before.
    HMODULE self = nullptr;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                       reinterpret_cast<PCWSTR>(&spy), &self);
    return new World;
  }();
  return *world;
}

void* World::open(const char* kind, std::shared_ptr<Object> object) {
  journal(std::string("open ") + kind);
  const std::lock_guard lock(mutex_);
  const uintptr_t value = next_handle_ += 8;
  handles_[value] = {kind, std::move(object), false};
  return reinterpret_cast<void*>(value);
}

std::shared_ptr<Object> World::look_up(void* handle, const char* kind, const char* function) {
  const auto value = reinterpret_cast<uintptr_t>(handle);
  std::string wrong;
  {
    const std::lock_guard lock(mutex_);
    const auto found = handles_.find(value);
    if (found == handles_.end()) {
      wrong = "was never opened";
    } else if (found->second.closed) {
      wrong = "is closed";
    } else if (found->second.kind != kind) {
      wrong = "is of a " + found->second.kind + ", not a " + kind;
    } else {
      return found->second.object;
    }
  }
  violate(std::string(function) + ": handle " + hexadecimal(value) + " " + wrong);
  return nullptr;
}

std::shared_ptr<Object> World::close(void* handle, const char* kind, const char* function,
                                     const std::function<void(Object&)>& finish) {
  auto object = look_up(handle, kind, function);
  if (object == nullptr) return nullptr;
  journal(std::string("close ") + kind);
  {
    const std::lock_guard lock(mutex_);
    Handle& closed = handles_[reinterpret_cast<uintptr_t>(handle)];
    closed.closed = true;
    closed.object = nullptr;
    closing_++;
  }
  if (finish) finish(*object);
  const std::lock_guard lock(mutex_);
  closing_--;
  return object;
}

void World::journal(const std::string& line) {
  wchar_t path[MAX_PATH] = L"";
  if (GetEnvironmentVariableW(L"FAKE_HCS_JOURNAL", path, MAX_PATH) == 0) return;
  const HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr, OPEN_ALWAYS, 0, nullptr);
  const std::string text = line + "\n";
  DWORD put = 0;
  WriteFile(file, text.data(), static_cast<DWORD>(text.size()), &put, nullptr);
  CloseHandle(file);
}

void World::violate(const std::string& what) {
  journal("violation " + what);
  const std::lock_guard lock(mutex_);
  violations_.push_back(what);
}

void World::inject(Fault fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(std::move(fault));
}

Fault World::fault_for(const char* function) {
  Fault wanted;
  {
    const std::lock_guard lock(mutex_);
    for (auto fault = faults_.begin(); fault != faults_.end(); fault++) {
      if (fault->function != function) continue;
      if (fault->skip > 0) {
        fault->skip--;
        break;
      }
      wanted = *fault;
      if (--fault->times == 0) faults_.erase(fault);
      break;
    }
  }
  if (wanted.delay_ms > 0) Sleep(wanted.delay_ms);
  hold(wanted, "call");
  return wanted;
}

void World::hold(const Fault& fault, const char* where) {
  if (fault.hold != where) return;
  std::unique_lock lock(mutex_);
  const int releases = releases_;
  held_++;
  released_.wait(lock, [this, releases] { return releases_ != releases; });
  held_--;
}

int World::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

void World::let_go() {
  const std::lock_guard lock(mutex_);
  releases_++;
  released_.notify_all();
}

void World::gave(Allocator allocator, const void* memory) {
  const std::lock_guard lock(mutex_);
  strings_[memory] = allocator;
}

void World::freed(const void* memory) {
  const std::lock_guard lock(mutex_);
  const auto found = strings_.find(memory);
  if (found == strings_.end()) return;
  if (found->second == Allocator::kLocal) {
    violations_.push_back("CoTaskMemFree of a string that LocalFree should have got");
  }
  strings_.erase(found);
}

void World::later(DWORD delay_ms, std::function<void()> run) {
  {
    const std::lock_guard lock(mutex_);
    threads_++;
  }
  // Not std::thread: one in a few hundred of those that are detached at once never ran (winpthreads).
  auto work = std::make_unique<std::function<void()>>([this, delay_ms, run = std::move(run)] {
    if (delay_ms > 0) Sleep(delay_ms);
    run();
    const std::lock_guard lock(mutex_);
    if (--threads_ == 0) idle_.notify_all();
  });
  const HANDLE thread = CreateThread(nullptr, 0, run_work, work.release(), 0, nullptr);
  if (thread == nullptr) std::abort();
  CloseHandle(thread);
}

void World::settle() {
  std::unique_lock lock(mutex_);
  idle_.wait_for(lock, std::chrono::seconds(60), [this] { return threads_ == 0; });
}

int World::open_handles() const {
  const std::lock_guard lock(mutex_);
  int open = closing_;
  for (const auto& [value, handle] : handles_) open += handle.closed ? 0 : 1;
  return open;
}

std::string World::report() {
  const std::lock_guard lock(mutex_);
  std::string text = "{\"violations\":[";
  for (const std::string& violation : violations_) text += quote_json(violation) + ",";
  if (text.back() == ',') text.pop_back();
  std::map<std::string, int> open;
  for (const auto& [value, handle] : handles_) open[handle.kind] += handle.closed ? 0 : 1;
  text += "],\"handles\":{";
  for (const auto& [kind, count] : open) {
    if (count > 0) text += quote_json(kind) + ":" + std::to_string(count) + ",";
  }
  if (text.back() == ',') text.pop_back();
  int strings = 0;
  for (const auto& [memory, allocator] : strings_) {
    // CoTaskMemFree has a spy.
    strings += allocator == Allocator::kCoTaskMem || still_there(memory) ? 1 : 0;
  }
  return text + "},\"strings\":" + std::to_string(strings) + "}";
}

void World::reset() {
  // Ended after the lock is: the end of a callback waits for the one that is being called.
  std::vector<std::shared_ptr<Object>> objects;
  const std::lock_guard lock(mutex_);
  violations_.clear();
  faults_.clear();
  strings_.clear();
  for (auto& [value, handle] : handles_) {
    handle.closed = true;
    objects.push_back(std::move(handle.object));
  }
}

}  // namespace fake
