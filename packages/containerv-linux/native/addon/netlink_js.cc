#include "netlink_js.h"

#include <net/if.h>

#include "js.h"

namespace containerv {
namespace {

std::vector<uint8_t> bytes_of(const Napi::Value& value) {
  if (!value.IsTypedArray()) throw Napi::TypeError::New(value.Env(), "Expected bytes");
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.Data() + array.ByteLength()};
}

template <typename Number>
std::vector<Number> numbers_of(const Napi::Value& value) {
  std::vector<Number> numbers;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) numbers.push_back(static_cast<Number>(list.Get(i).ToNumber().Int64Value()));
  return numbers;
}

Napi::Value results_of(Napi::Env env, std::vector<NetlinkResult>& results) {
  auto list = Napi::Array::New(env, results.size());
  for (uint32_t i = 0; i < results.size(); ++i) {
    auto made = Napi::Object::New(env);
    made.Set("replies", Napi::Buffer<uint8_t>::Copy(env, results[i].replies.data(), results[i].replies.size()));
    made.Set("errno", results[i].error);
    list.Set(i, made);
  }
  return list;
}

}  // namespace

NetlinkProgram netlink_program(const Napi::Value& value) {
  const auto given = value.As<Napi::Object>();
  NetlinkProgram program;
  program.lock = given.Get("lock").ToString();
  program.exclusive = given.Get("exclusive").ToBoolean();
  const auto exchanges = given.Get("exchanges").As<Napi::Array>();
  for (uint32_t i = 0; i < exchanges.Length(); ++i) {
    const auto each = exchanges.Get(i).As<Napi::Object>();
    program.exchanges.push_back({each.Get("step").ToString(), each.Get("protocol").ToNumber(), bytes_of(each.Get("messages")),
                                 numbers_of<uint32_t>(each.Get("pidOffsets")), numbers_of<int>(each.Get("tolerated")),
                                 each.Get("lastWhenAnswered").ToBoolean()});
  }
  return program;
}

std::vector<PortClaim> port_claims(const Napi::Value& value) {
  std::vector<PortClaim> claims;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto each = list.Get(i).As<Napi::Object>();
    claims.push_back({bytes_of(each.Get("address")), static_cast<uint16_t>(each.Get("port").ToNumber().Uint32Value()),
                      each.Get("udp").ToBoolean(), each.Get("name").ToString()});
  }
  return claims;
}

Napi::Value netlink_js(const Napi::CallbackInfo& info) {
  return Task<std::vector<NetlinkResult>>::run(
      info.Env(), [program = netlink_program(info[0])] { return run_netlink(program, 0); }, results_of);
}

Napi::Value interface_index_js(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), if_nametoindex(text_argument(info, 0).c_str()));
}

}  // namespace containerv
