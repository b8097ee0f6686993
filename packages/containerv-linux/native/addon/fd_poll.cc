#include "fd_poll.h"

namespace containerv {

// Lives until libuv has let go of it, which may be after the JavaScript object is gone. An
// environment that ends with handles open (a worker that is terminated) closes them first.
struct FdPoll::Handle {
  uv_poll_t poll{};
  FdPoll* owner = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool closing = false;

  void close() {
    if (closing) return;
    closing = true;
    // The environment may end, and the object be finalised, after this and before libuv lets go.
    if (owner) owner->handle_ = nullptr;
    owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&poll), [](uv_handle_t* handle) {
      auto* self = static_cast<Handle*>(handle->data);
      if (self->hook) napi_remove_async_cleanup_hook(self->hook);
      delete self;
    });
  }
};

Napi::Function FdPoll::define(Napi::Env env) {
  return DefineClass(env, "FdPoll",
                     {InstanceMethod<&FdPoll::start>("start"), InstanceMethod<&FdPoll::stop>("stop"),
                      InstanceMethod<&FdPoll::close>("close"), InstanceMethod<&FdPoll::ref>("ref"),
                      InstanceMethod<&FdPoll::unref>("unref")});
}

FdPoll::FdPoll(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FdPoll>(info) {
  Napi::Env env = info.Env();
  if (info.Length() != 2 || !info[0].IsNumber() || !info[1].IsFunction())
    throw Napi::TypeError::New(env, "Expected a descriptor and a function");
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* handle = new Handle();
  const int error = uv_poll_init(loop, &handle->poll, info[0].As<Napi::Number>().Int32Value());
  if (error != 0) {
    delete handle;
    throw Napi::Error::New(env, std::string("uv_poll_init: ") + uv_strerror(error));
  }
  handle->poll.data = handle;
  handle->owner = this;
  handle_ = handle;
  callback_ = Napi::Persistent(info[1].As<Napi::Function>());
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* data) { static_cast<Handle*>(data)->close(); }, handle,
      &handle->hook);
}

FdPoll::~FdPoll() {
  if (handle_) handle_->close();
}

void FdPoll::on_events(uv_poll_t* poll, int status, int events) {
  FdPoll* self = static_cast<Handle*>(poll->data)->owner;
  if (!self) return;
  // An error is told by the read or write that follows.
  if (status < 0) events = UV_READABLE | UV_WRITABLE;
  // By hand: the C++ wrapper aborts the program when the environment, a worker that is terminated, runs no code any more.
  napi_env env = self->Env();
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value receiver = nullptr, callback = nullptr, argument = nullptr;
  if (napi_get_global(env, &receiver) == napi_ok &&
      napi_get_reference_value(env, self->callback_, &callback) == napi_ok &&
      napi_create_int32(env, events, &argument) == napi_ok &&
      napi_make_callback(env, nullptr, receiver, callback, 1, &argument, nullptr) == napi_pending_exception) {
    napi_value error = nullptr;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

void FdPoll::start(const Napi::CallbackInfo& info) {
  if (!handle_) return;
  const int error = uv_poll_start(&handle_->poll, info[0].As<Napi::Number>().Int32Value(), on_events);
  if (error != 0) throw Napi::Error::New(info.Env(), std::string("uv_poll_start: ") + uv_strerror(error));
}

void FdPoll::stop(const Napi::CallbackInfo&) {
  if (handle_) uv_poll_stop(&handle_->poll);
}

void FdPoll::close(const Napi::CallbackInfo&) {
  if (!handle_) return;
  uv_poll_stop(&handle_->poll);
  handle_->close();
  handle_ = nullptr;
  callback_.Reset();
}

void FdPoll::ref(const Napi::CallbackInfo&) {
  if (handle_) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

void FdPoll::unref(const Napi::CallbackInfo&) {
  if (handle_) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_->poll));
}

}  // namespace containerv
