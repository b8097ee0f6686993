#pragma once

#include <napi.h>

#include "netlink.h"
#include "port_claim.h"

namespace containerv {

NetlinkProgram netlink_program(const Napi::Value& value);
std::vector<PortClaim> port_claims(const Napi::Value& value);

// netlink(program): Promise<results>
Napi::Value netlink_js(const Napi::CallbackInfo& info);
// interfaceIndex(name): number, 0 when there is none
Napi::Value interface_index_js(const Napi::CallbackInfo& info);

}  // namespace containerv
