#pragma once

#include <sys/types.h>

#include "client.h"
#include "confinement.h"
#include "failure.h"
#include "log_table.h"
#include "freezer.h"
#include "process_table.h"
#include "socket_broker.h"

namespace containerv {

// Process 1's life after the root is built: serves spawn, kill and stop requests of any number of
// clients over one epoll loop in which nothing blocks, and reaps every process of the container.
class Supervisor {
 public:
  struct Settings {
    bool detached;       // outlives the owner's connection
    bool pid_namespace;  // we are its process 1: when we end, the kernel ends the rest
    uid_t owner;         // as seen from here; only it may connect
    int proc;            // a procfs that shows our own pid namespace
    Confinement confinement;
    int ruleset;         // Landlock's, for every process; -1: none
    SpawnDefaults defaults;
    UniqueFd memory;     // where the container writes, when that is a tmpfs; -1: elsewhere
    SocketRules* sockets;
  };

  Supervisor(Settings settings, UniqueFd listener, UniqueFd owner);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Prepares everything that can fail, before the driver is told that the container is ready.
  bool open(Failure& failure);
  // `status` is kept for clients that join later: it must stay as it is.
  bool send_ready(const char* status);
  [[noreturn]] void run();

 private:
  bool open_broker(Failure& failure);
  void accept_clients();
  void serve(Client* client);
  void drop(Client* client);
  void answer(Client* client, std::span<const uint8_t> message, UniqueFd fd = UniqueFd());
  void answer_failure(Client* client, uint32_t request, const Failure& failure);
  void watch_output(Client* client);

  void spawn(Client* client, Message& message);
  bool arrange_stdio(uint32_t flags, std::span<const UniqueFd> descriptors);
  static void kill_job(const Process* process);
  void kill_process(Client* client, const Message& message);
  void stop(Client* client, const Message& message);
  void report_status(Client* client, const Message& message);
  void describe(Client* client, const Message& message);
  void pause(Client* client, Message& message);
  void hold(Client* client, Message& message);
  void judge_files(Client* client, Message& message);
  void start_transfer(Client* client, Message& message);
  void open_memory(Client* client, const Message& message);
  void open_log(Client* client, const Message& message);
  void name_log(Client* client, const Message& message);
  void read_log(Client* client, const Message& message);
  void forget_log(Client* client, const Message& message);
  void give_log(Client* client, uint32_t request, const Log& log, uint64_t position);
  void take_log(Log* log);
  void answer_calls(int listener, uint32_t events);

  void settle_pause();
  void resume_calls();
  void look_after_calls();
  void await_calls(bool wait);
  void settle_start(Process* process);
  void report_stop(Process* process, int signal);
  void relay_stop(Process* process);
  void reap();
  void kill_everything(int signal);
  [[noreturn]] void end();

  Settings settings_;
  UniqueFd listener_;
  UniqueFd epoll_;
  UniqueFd signals_;
  UniqueFd grace_;
  UniqueFd calls_;  // a timer, for as long as calls wait
  ProcessTable processes_;
  LogTable logs_;
  SocketBroker broker_;
  Client* clients_;
  const char* report_ = "";
  char description_[1024] = {};
  bool stopping_ = false;
  bool paused_ = false;
  bool more_to_reap_ = false;
  bool calls_waited_for_ = false;
  Client* pausing_ = nullptr;  // is told when nothing keeps anybody from standing still
  uint32_t pausing_request_ = 0;
  bool files_judged_ = false;  // by BPF programs
  UniqueFd own_policies_;      // -1: processes cannot have policies of their own for them
  Freezer freezer_;
  Message message_;
  int stdio_[protocol::kMaxDescriptors];
  size_t stdio_count_ = 0;
};

}  // namespace containerv
