#pragma once

#include <napi.h>

#include <memory>

#include "syscall_observer.h"

namespace containerv {

// Watches and answers the system calls of one process and its descendants, off the event loop.
//
//   new SyscallObserver(source, plan: Buffer)   owns the socket `source` from then on
//   .stop(): Promise<{ calls, files, truncated, began, failure }>, once, after the processes have ended
class SyscallObserverJs : public Napi::ObjectWrap<SyscallObserverJs> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SyscallObserverJs(const Napi::CallbackInfo& info);

 private:
  Napi::Value stop(const Napi::CallbackInfo& info);

  std::shared_ptr<SyscallObserver> observer_;
};

}  // namespace containerv
