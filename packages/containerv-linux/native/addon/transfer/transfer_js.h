#pragma once

#include <napi.h>

namespace containerv {

// uploadTrees, downloadTrees, openTransfer, commitTransfer, socketPair, shutdown: what `src/native.ts` says of them.
void define_transfers(Napi::Env env, Napi::Object exports);

}  // namespace containerv
