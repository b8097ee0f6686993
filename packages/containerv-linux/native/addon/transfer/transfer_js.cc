#include "transfer_js.h"

#include <sys/socket.h>

#include "../js.h"
#include "download.h"
#include "upload.h"

namespace containerv {
namespace {

using namespace transfer;

// Several datagrams of the largest kind.
constexpr int kSocketBuffer = 1024 * 1024;

std::vector<TransferItem> items_argument(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<TransferItem> items;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto given = list.Get(i).As<Napi::Object>();
    items.push_back({given.Get("from").ToString(), given.Get("to").ToString(), given.Get("follow").ToBoolean()});
  }
  return items;
}

Owners owners_argument(const Napi::Value& value) {
  const std::string name = value.ToString();
  if (name == "none") return Owners::kNone;
  if (name == "mapped") return Owners::kMapped;
  if (name == "same") return Owners::kSame;
  throw Napi::TypeError::New(value.Env(), "Unknown owners " + name);
}

Napi::Value counts_to_js(Napi::Env env, const TransferCounts& counts) {
  auto result = Napi::Object::New(env);
  result.Set("files", static_cast<double>(counts.files));
  result.Set("directories", static_cast<double>(counts.directories));
  result.Set("links", static_cast<double>(counts.links));
  result.Set("bytes", static_cast<double>(counts.bytes));
  result.Set("failed", static_cast<double>(counts.failed));
  result.Set("ended", counts.ended);
  auto failures = Napi::Array::New(env, counts.failures.size());
  for (uint32_t i = 0; i < counts.failures.size(); ++i) {
    const auto& failure = counts.failures[i];
    auto made = Napi::Object::New(env);
    made.Set("item", failure.item);
    // A name may be no UTF-8; this one is for people.
    made.Set("path", failure.path);
    made.Set("errno", failure.error);
    made.Set("syscall", failure.call);
    made.Set("atTarget", failure.at_target);
    failures.Set(i, made);
  }
  result.Set("failures", failures);
  return result;
}

using Trees = TransferCounts (*)(int, const std::vector<TransferItem>&, Owners, const TransferControl&);

// (socket, items, owners, control: BigUint64Array)
template <Trees Copy>
Napi::Value trees_js(const Napi::CallbackInfo& info) {
  const int socket = fd_argument(info, 0);
  if (info.Length() != 4 || !info[3].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "Expected a BigUint64Array");
  auto control = info[3].As<Napi::BigUint64Array>();
  if (control.ElementLength() < TransferControl::kWords) throw Napi::TypeError::New(info.Env(), "Expected three words");
  // Keeps the memory where it is until the work is done.
  auto held = std::make_shared<Napi::Reference<Napi::BigUint64Array>>(Napi::Persistent(control));
  return Task<TransferCounts>::run(
      info.Env(),
      [socket, items = items_argument(info[1]), owners = owners_argument(info[2]), words = control.Data()] {
        return Copy(socket, items, owners, TransferControl(words));
      },
      [held](Napi::Env env, TransferCounts& counts) { return counts_to_js(env, counts); });
}

struct Opened {
  int error = 0;
  std::string call;
  UniqueFd fd;
};

Opened opened(TransferSession& session, const Packer& request) {
  const Outcome outcome = session.ask(request.packed());
  Opened result{outcome.error, outcome.call, session.take_descriptor()};
  if (outcome.ok() && !is_regular_file(result.fd.get())) throw AgentGone{};
  return result;
}

Napi::Value opened_to_js(Napi::Env env, Opened& result) {
  auto made = Napi::Object::New(env);
  made.Set("errno", result.error);
  made.Set("syscall", result.call);
  made.Set("fd", result.fd.release());
  return made;
}

Opened gone() { return {ECONNRESET, "recvmsg", UniqueFd()}; }

// (socket, path, write): one file of the container, to be read, or a new one, to be committed
Napi::Value open_js(const Napi::CallbackInfo& info) {
  return Task<Opened>::run(
      info.Env(),
      [socket = fd_argument(info, 0), path = text_argument(info, 1), write = info[2].ToBoolean().Value()]() -> Opened {
        try {
          TransferSession session(socket);
          Packer request;
          request.u32(write ? kTarget : kFetch);
          request.text(path);
          if (!write) return opened(session, request);
          const Outcome aimed = session.ask(request.packed());
          if (!aimed.ok()) return {aimed.error, aimed.call, UniqueFd()};
          request.clear();
          request.u32(kOpen);
          request.text("");
          return opened(session, request);
        } catch (const AgentGone&) {
          return gone();
        }
      },
      opened_to_js);
}

// (socket, mode, seconds): makes the opened file the container's
Napi::Value commit_js(const Napi::CallbackInfo& info) {
  Metadata data;
  data.mode = info[1].ToNumber();
  data.accessed_s = data.modified_s = info[2].ToNumber().Int64Value();
  return Task<Opened>::run(
      info.Env(),
      [socket = fd_argument(info, 0), data]() -> Opened {
        Packer request;
        request.u32(kCommit);
        request.metadata(data);
        request.bytes({});
        uint8_t buffer[256];
        UniqueFd none;
        if (!send_datagram(socket, request.packed())) return gone();
        WireReader status(receive_datagram(socket, buffer, none));
        if (status.u32() != kStatus) return gone();
        const auto error = static_cast<int>(status.u32());
        return {error, status.text(), UniqueFd()};
      },
      opened_to_js);
}

Napi::Value socket_pair_js(const Napi::CallbackInfo& info) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) fail("start transfer", "socketpair");
  auto ends = Napi::Array::New(info.Env(), 2);
  for (uint32_t i = 0; i < 2; ++i) {
    setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
    ends.Set(i, pair[i]);
  }
  return ends;
}

// Wakes whoever waits at a socket, which stays open.
Napi::Value shutdown_js(const Napi::CallbackInfo& info) {
  shutdown(fd_argument(info, 0), SHUT_RDWR);
  return info.Env().Undefined();
}

}  // namespace

void define_transfers(Napi::Env env, Napi::Object exports) {
  const struct {
    const char* name;
    Napi::Value (*body)(const Napi::CallbackInfo&);
  } functions[] = {
      {"uploadTrees", guard<trees_js<upload_trees>>}, {"downloadTrees", guard<trees_js<download_trees>>},
      {"openTransfer", guard<open_js>},               {"commitTransfer", guard<commit_js>},
      {"socketPair", guard<socket_pair_js>},          {"shutdown", guard<shutdown_js>},
  };
  for (const auto& function : functions) exports.Set(function.name, Napi::Function::New(env, function.body, function.name));
}

}  // namespace containerv
