#pragma once

#include <span>
#include <stdint.h>

namespace containerv {

// Whether what a parameter holds is what was written to it, however the kernel spells it: blanks become tabs, `0x10`
// becomes 16, addresses are written out, and a list of ports is sorted and joined (proc_do_large_bitmap). Values that
// were not given may be anything: `kernel.sem` = '250' leaves three as they were.
bool holds_setting(const char* key, std::span<const uint8_t> wanted, std::span<const uint8_t> held);

}  // namespace containerv
