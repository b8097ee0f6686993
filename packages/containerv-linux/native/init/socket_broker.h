#pragma once

#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/unique_fd.h"
#include "failure.h"
#include "socket_rules.h"

namespace containerv {

// Network rules that take looking at addresses, which a filter cannot see. Every process of the container loads a filter
// that hands over the calls in question, and its listening descriptor comes here. Process 1 does no more than to take a
// call and to fork a child for it, which looks, decides, acts and answers (socket_call.h): so one that waits, as
// connect(2) may, keeps nobody else waiting, and memory that belongs to somebody hostile is read by nobody who matters.
class SocketBroker {
 public:
  struct Settings {
    SocketRules* rules;
    int proc;     // a procfs that shows our own pid namespace
    int ruleset;  // Landlock's, of the container; -1: none
  };

  SocketBroker() = default;
  SocketBroker(const SocketBroker&) = delete;
  SocketBroker& operator=(const SocketBroker&) = delete;

  // Does nothing without rules. Otherwise follows the rules' links, and sees a process of its own be held to them.
  bool open(const Settings& settings, Failure& failure);
  [[nodiscard]] bool is_open() const { return arrivals_.get() >= 0; }

  // For a child, before it loads its own filter: loads the broker's and hands it over. `ruleset`, or -1, is the child's own
  // for Landlock, `own_policy` what BPF programs know its files by. 0 or -errno. Async-signal-safe.
  int join(int hand, int ruleset, uint64_t own_policy) const;
  // The end of a socket that join() sends by, or -1.
  [[nodiscard]] int hand() const { return hand_.get(); }

  // To be watched: readable when a process has joined.
  [[nodiscard]] int arrivals() const { return arrivals_.get(); }
  // A listening descriptor to be watched from now on, or -1.
  int take_arrival();
  // Nobody uses it any more: forgets it.
  void forget(int listener);
  // To be called when it is readable. `policies`: the map of own_policy.h, or -1. False: there is nobody to answer for.
  bool take_call(int listener, int policies);
  template <typename Visit>
  void each_listener(Visit visit) const {
    for (const Joined* each = joined_; each; each = each->next) visit(each->listener.get());
  }
  // A child of ours has ended; false: it is none of the broker's.
  bool ended(pid_t child);
  // Ends waiting for those whose callers wait no more, or have a signal to handle. The kernel tells nobody of either, so it is
  // asked every now and then for as long as calls wait. False: none does.
  // `all`: ends every wait, for callers that are to stand still, which they could not while they wait for us.
  bool look_after(bool all);
  [[nodiscard]] bool anybody_waits() const { return answering_ != nullptr; }

 private:
  struct Joined {
    Joined* next;
    UniqueFd listener;
    UniqueFd ruleset;
    uint64_t own_policy;
  };
  struct Answering {
    Answering* next;
    pid_t child;
    pid_t caller;
    uint64_t id;
    int listener;
    bool waits;  // was there already the last time
  };

  bool prove(Failure& failure);
  [[noreturn]] void answer(const seccomp_notif& call, const Joined& joined, int policies);
  static bool send(int listener, uint64_t id, int64_t result);

  Settings settings_{};
  UniqueFd arrivals_;
  UniqueFd hand_;
  Joined* joined_ = nullptr;
  Answering* answering_ = nullptr;
};

}  // namespace containerv
