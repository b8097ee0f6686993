#pragma once

#include <stdint.h>

#include <span>

#include "../common/wire.h"

namespace containerv {

// What every process of the container runs under. Capabilities are a bit mask (capabilities(7));
// `filter` is an array of struct sock_filter; `ruleset` describes a Landlock ruleset (landlock.h), or
// is empty.
struct Confinement {
  uint64_t capabilities = 0;
  std::span<const uint8_t> filter;
  std::span<const uint8_t> ruleset;
};

// The user a process runs as: numeric, or named and looked up inside the root.
struct UserSpec {
  uint32_t kind = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  const char* name = "";  // "user" or "user:group", each a name or a number
  std::span<const uint8_t> groups;  // u32 each
};

Confinement read_confinement(WireReader& reader);
UserSpec read_user(WireReader& reader);

// These leave errno alone. The bounding set, from which nothing comes back; `held`: what it can have in it. Needs
// CAP_SETPCAP. 0 or -errno.
int limit_bounding_set(uint64_t capabilities, uint64_t held = UINT64_MAX);
// Permitted and effective to exactly `capabilities`, inheritable and ambient to none
// (CVE-2022-29162: a non-empty inheritable set survives execve).
int set_capabilities(uint64_t capabilities);
// The same with more permitted than in effect.
int set_capabilities(uint64_t effective, uint64_t permitted);
// Ambient and inheritable to none, the rest as it is. 0 or -errno.
int drop_inherited_capabilities();
// The last step before execve: after it, only what the filter allows works.
int load_filter(std::span<const uint8_t> filter);

}  // namespace containerv
