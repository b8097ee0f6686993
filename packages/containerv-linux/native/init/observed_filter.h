#pragma once

#include <stdint.h>

#include <span>

namespace containerv {

// Loads a filter that hands calls over (SECCOMP_RET_USER_NOTIF) and sends its listening descriptor to
// `observer`, a socket, before anything else is called.
//
// From the moment it is loaded every call but this one would wait for who listens, and nobody does yet.
// So the filter lets one sendmsg(2) pass: that whose upper halves of the first and third argument are
// `pass`, which the kernel ignores, as both are ints. It is random, so nothing that runs later can say it.
//
// 0 or -errno. Async-signal-safe.
int load_observed_filter(std::span<const uint8_t> filter, uint64_t pass, int observer);
// The same, with 8 bytes and a descriptor, or -1, besides.
int load_observed_filter(std::span<const uint8_t> filter, uint64_t pass, int observer, uint64_t note, int besides);

}  // namespace containerv
