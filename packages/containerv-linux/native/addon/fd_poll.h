#pragma once

#include <napi.h>
#include <uv.h>

namespace containerv {

// Tells when a descriptor can be read or written, on the event loop. It does not own the descriptor:
// close() this first.
//
//   new FdPoll(fd, (events: number) => void)   events: 1 readable, 2 writable, either also on error
//   .start(events)  .stop()  .close()  .ref()  .unref()
class FdPoll : public Napi::ObjectWrap<FdPoll> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit FdPoll(const Napi::CallbackInfo& info);
  ~FdPoll() override;

 private:
  struct Handle;
  void start(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);
  static void on_events(uv_poll_t* poll, int status, int events);

  Handle* handle_ = nullptr;
  Napi::FunctionReference callback_;
};

}  // namespace containerv
