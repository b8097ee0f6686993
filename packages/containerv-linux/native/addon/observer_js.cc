#include "observer_js.h"

#include "js.h"

namespace containerv {
namespace {

// Per kind: u32 number, u32 answer, u64 how often, six u64 arguments.
Napi::Value calls_js(Napi::Env env, const Observations& seen) {
  std::vector<uint64_t> words;
  for (const auto& [call, count] : seen.calls) {
    words.push_back(static_cast<uint64_t>(call.answer) << 32 | static_cast<uint32_t>(call.number));
    words.push_back(count);
    words.insert(words.end(), call.args, call.args + 6);
  }
  return Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t*>(words.data()),
                                     words.size() * sizeof(uint64_t));
}

Napi::Value files_js(Napi::Env env, const Observations& seen) {
  auto list = Napi::Array::New(env, seen.files.size());
  uint32_t at = 0;
  for (const auto& [file, count] : seen.files) {
    auto made = Napi::Object::New(env);
    made.Set("number", file.number);
    made.Set("shape", file.shape);
    made.Set("flags", static_cast<double>(file.flags & 0xffffffff));
    made.Set("kind", file.kind);
    made.Set("path", Napi::Buffer<char>::Copy(env, file.path.data(), file.path.size()));
    made.Set("count", static_cast<double>(count));
    list.Set(at++, made);
  }
  return list;
}

Napi::Value observations_js(Napi::Env env, Observations& seen) {
  auto result = Napi::Object::New(env);
  result.Set("calls", calls_js(env, seen));
  result.Set("files", files_js(env, seen));
  auto truncated = Napi::Array::New(env, seen.truncated.size());
  for (uint32_t i = 0; i < seen.truncated.size(); ++i) truncated.Set(i, seen.truncated[i]);
  result.Set("truncated", truncated);
  result.Set("processes", seen.processes);
  result.Set("threads", seen.threads);
  result.Set("began", seen.began);
  result.Set("failure", seen.failure);
  return result;
}

}  // namespace

Napi::Function SyscallObserverJs::define(Napi::Env env) {
  return DefineClass(env, "SyscallObserver", {InstanceMethod<&SyscallObserverJs::stop>("stop")});
}

SyscallObserverJs::SyscallObserverJs(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SyscallObserverJs>(info) {
  Napi::Env env = info.Env();
  if (info.Length() != 2 || !info[1].IsBuffer()) throw Napi::TypeError::New(env, "Expected a descriptor and a Buffer");
  UniqueFd source(fd_argument(info, 0));
  const auto plan = info[1].As<Napi::Buffer<uint8_t>>();
  try {
    observer_ = std::make_shared<SyscallObserver>(ObserverPlan::decode({plan.Data(), plan.Length()}), std::move(source));
  } catch (const SysError& error) {
    throw Napi::Error(env, to_js(env, error));
  }
}

Napi::Value SyscallObserverJs::stop(const Napi::CallbackInfo& info) {
  if (!observer_) throw Napi::Error::New(info.Env(), "The observer was stopped");
  // The object is done with it, so that a garbage collection does not wait for the thread.
  return Task<Observations>::run(
      info.Env(), [observer = std::move(observer_)] { return observer->stop(); }, observations_js);
}

}  // namespace containerv
