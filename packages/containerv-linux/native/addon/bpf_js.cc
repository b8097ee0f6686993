#include "bpf_js.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "js.h"

namespace containerv {

// bpf(command, attributes, pointers [offset, buffer]...): what bpf(2) returns. `attributes` is a union bpf_attr, into
// which the address of each buffer is written at its offset for the time of the call.
Napi::Value bpf_js(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const int command = fd_argument(info, 0);
  if (info.Length() < 3 || !info[1].IsBuffer() || !info[2].IsArray())
    throw Napi::TypeError::New(env, "Expected attributes and pointers");
  const auto given = info[1].As<Napi::Buffer<uint8_t>>();
  std::vector<uint8_t> attributes(given.Data(), given.Data() + given.Length());
  const auto pointers = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < pointers.Length(); ++i) {
    const auto pair = pointers.Get(i).As<Napi::Array>();
    const uint32_t offset = pair.Get(0U).ToNumber();
    const Napi::Value target = pair.Get(1U);
    const size_t size = attributes.size();
    if (!target.IsBuffer() || size < sizeof(uint64_t) || offset > size - sizeof(uint64_t))
      throw Napi::RangeError::New(env, "A pointer lies outside of the attributes");
    const auto address = reinterpret_cast<uint64_t>(target.As<Napi::Buffer<uint8_t>>().Data());
    memcpy(attributes.data() + offset, &address, sizeof address);
  }
  const long result = syscall(SYS_bpf, command, attributes.data(), attributes.size());
  if (result < 0) fail("use BPF", "bpf");
  return Napi::Number::New(env, static_cast<double>(result));
}

// openInRoot(root, path, follow): an O_PATH descriptor of what `path` is below the directory `root`. No link leads out
// of it; without `follow`, none is followed at all.
Napi::Value open_in_root_js(const Napi::CallbackInfo& info) {
  const int root = fd_argument(info, 0);
  const std::string path = text_argument(info, 1);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  if (!info[2].ToBoolean()) how.resolve |= RESOLVE_NO_SYMLINKS;
  const long fd = syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  if (fd < 0) fail("apply file rules", "openat2", path);
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

}  // namespace containerv
