#pragma once

#include <napi.h>

namespace containerv {

Napi::Value bpf_js(const Napi::CallbackInfo& info);
Napi::Value open_in_root_js(const Napi::CallbackInfo& info);

}  // namespace containerv
