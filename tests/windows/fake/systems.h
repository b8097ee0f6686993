// Compute systems and processes, the same for both libraries.
#pragma once

#include <windows.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "json.h"
#include "world.h"

namespace fake {

enum class State { kCreated, kRunning, kPaused, kStopped };

// Told to whoever listens; each library has its own numbers.
enum class Event { kSystemExited, kProcessExited };

struct Listener {
  virtual ~Listener() = default;
  virtual void tell(Event event, const std::string& data) = 0;
};

// Listeners of one system or process. A listener that is removed is not called any more when `remove` returns, as
// unregistering waits for callbacks in flight.
class Listeners {
 public:
  void add(const std::shared_ptr<Listener>& listener);
  void remove(const Listener* listener);
  void tell(Event event, const std::string& data);

 private:
  std::recursive_mutex mutex_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

struct System;

struct Process : Object {
  ~Process() override;

  std::shared_ptr<System> system;
  HANDLE process = nullptr;
  DWORD pid = 0;
  bool console = false;
  // Our ends of the pipes, taken by whoever reads the process information first.
  HANDLE input = nullptr, output = nullptr, error = nullptr;
  Listeners listeners;

  bool exited() const;
  // ProcessStatus.
  std::string status() const;
  HRESULT terminate();
};

struct System : Object {
  ~System() override;

  std::string id;
  Json document;
  HANDLE job = nullptr;
  Listeners listeners;
  // In the virtual machine of another system.
  std::shared_ptr<System> host;
  std::atomic<int> handles = 0;

  State state() const;
  void set_state(State state);
  bool terminates_on_last_handle() const;
  void add(const std::shared_ptr<Process>& process);
  // Those that somebody still has a handle of.
  std::vector<std::shared_ptr<Process>> processes() const;
  // How it ended: GracefulExit, ForcedExit, UnexpectedExit. False when it had ended already.
  bool end(const std::string& exit_type);
  std::string properties(bool statistics, bool process_list) const;

 private:
  mutable std::mutex mutex_;
  State state_ = State::kCreated;
  std::vector<std::weak_ptr<Process>> processes_;
};

// Everything that the service does, without saying how a library tells it.
HRESULT create_system(const std::string& id, const std::string& document, std::shared_ptr<System>* system, std::string* why);
// One that runs already, and that another program made.
void add_system(const std::string& id, Json document, State state);
std::shared_ptr<System> find_system(const std::string& id);
HRESULT start_system(System& system);
HRESULT pause_system(System& system);
HRESULT resume_system(System& system);
HRESULT modify_system(System& system, const std::string& request, std::string* why);
HRESULT query_system(System& system, const std::string& query, std::string* properties);
HRESULT enumerate_systems(const std::string& query, std::string* systems);
// Of the job around it; none is the largest number.
DWORD process_limit(const System& system);
void forget_limits(const System& system);
// A handle of it was closed.
void release(System& system);

HRESULT create_process(const std::shared_ptr<System>& system, const std::string& parameters,
                       std::shared_ptr<Process>* process, std::string* why);
std::shared_ptr<Process> find_process(const std::shared_ptr<System>& system, DWORD pid);
HRESULT modify_process(Process& process, const std::string& request);
HRESULT signal_process(Process& process, const std::string& options);

// Ends what is left of everything, for the next test. The ids of systems that were still there.
std::vector<std::string> end_all_systems();

// A reason, as ResultError has it.
std::string error_document(HRESULT hresult, const std::string& message);

}  // namespace fake
