#pragma once

#include <napi.h>

#include <functional>
#include <vector>

#include "../common/unique_fd.h"
#include "sys_error.h"

namespace containerv {

// The error that TypeScript turns into a ContainervError: `step`, `syscall`, `errno` (negative, as
// Node's own have it), `path`.
Napi::Value to_js(Napi::Env env, const SysError& error);

// Every exported function passes here: the one place where a SysError becomes a JavaScript error.
template <Napi::Value (*Body)(const Napi::CallbackInfo&)>
Napi::Value guard(const Napi::CallbackInfo& info) {
  try {
    return Body(info);
  } catch (const SysError& error) {
    Napi::Env env = info.Env();
    napi_throw(env, to_js(env, error));
    return env.Undefined();
  }
}

// Whether the environment still runs code; a worker that is being terminated does not, and the C++
// wrapper would abort the program over it.
inline bool can_run_js(napi_env env) {
  napi_value object = nullptr;
  return napi_create_object(env, &object) == napi_ok && napi_set_named_property(env, object, "x", object) == napi_ok;
}

// Runs `work` on a thread of the pool and resolves with what `finish` makes of its result.
template <typename Result>
class Task : public Napi::AsyncWorker {
 public:
  using Work = std::function<Result()>;
  using Finish = std::function<Napi::Value(Napi::Env, Result&)>;

  static Napi::Value run(Napi::Env env, Work work, Finish finish) {
    auto* task = new Task(env, std::move(work), std::move(finish));
    task->Queue();
    return task->deferred_.Promise();
  }

 private:
  Task(Napi::Env env, Work work, Finish finish)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        finish_(std::move(finish)) {}

  void Execute() override {
    try {
      result_ = work_();
    } catch (const SysError& error) {
      error_ = error;
      failed_ = true;
    }
  }
  void OnOK() override {
    if (!can_run_js(Env())) return;
    if (failed_)
      deferred_.Reject(to_js(Env(), error_));
    else
      deferred_.Resolve(finish_(Env(), result_));
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  Result result_ = Result();
  SysError error_{};
  bool failed_ = false;
};

inline int fd_argument(const Napi::CallbackInfo& info, size_t index) {
  if (index >= info.Length() || !info[index].IsNumber())
    throw Napi::TypeError::New(info.Env(), "Expected a file descriptor");
  return info[index].As<Napi::Number>().Int32Value();
}

inline std::string text_argument(const Napi::CallbackInfo& info, size_t index) {
  if (index >= info.Length() || !info[index].IsString()) throw Napi::TypeError::New(info.Env(), "Expected a string");
  return info[index].As<Napi::String>().Utf8Value();
}

}  // namespace containerv
