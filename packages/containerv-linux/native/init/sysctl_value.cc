#include "sysctl_value.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

namespace containerv {
namespace {

constexpr char kPorts[] = "net/ipv4/ip_local_reserved_ports";
constexpr size_t kPortCount = 65'536;
constexpr size_t kLongestWord = 64;

struct Ports {
  uint8_t bits[kPortCount / 8] = {};
};

bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n'; }

// Takes the next word off the front; empty: there is none.
std::span<const uint8_t> next_word(std::span<const uint8_t>& text) {
  while (!text.empty() && is_blank(text.front())) text = text.subspan(1);
  size_t size = 0;
  while (size < text.size() && !is_blank(text[size])) ++size;
  const auto word = text.first(size);
  text = text.subspan(size);
  return word;
}

bool to_text(std::span<const uint8_t> word, char (&text)[kLongestWord]) {
  if (word.size() >= sizeof text) return false;
  memcpy(text, word.data(), word.size());
  text[word.size()] = 0;
  return strlen(text) == word.size();
}

// As the kernel reads them: decimal, octal after 0, hexadecimal after 0x.
bool to_number(const char* text, unsigned long long& number) {
  const bool negative = *text == '-';
  const char* digits = text + (negative || *text == '+' ? 1 : 0);
  char* end = nullptr;
  if (*digits < '0' || *digits > '9') return false;
  number = strtoull(digits, &end, 0);
  if (negative) number = 0 - number;
  return *end == 0;
}

bool same_word(std::span<const uint8_t> wanted, std::span<const uint8_t> held) {
  if (wanted.size() == held.size() && memcmp(wanted.data(), held.data(), held.size()) == 0) return true;
  char one[kLongestWord], other[kLongestWord];
  if (!to_text(wanted, one) || !to_text(held, other)) return false;
  unsigned long long first = 0, second = 0;
  if (to_number(one, first) && to_number(other, second)) return first == second;
  in6_addr address{}, given{};
  if (inet_pton(AF_INET6, one, &given) == 1 && inet_pton(AF_INET6, other, &address) == 1)
    return memcmp(&address, &given, sizeof given) == 0;
  return strcasecmp(one, other) == 0;
}

size_t to_port(std::span<const uint8_t>& text) {
  size_t port = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9' && port < kPortCount) {
    port = port * 10 + (text.front() - '0');
    text = text.subspan(1);
  }
  return port;
}

// `8080,9000-9010`; the kernel has taken it already.
bool read_ports(std::span<const uint8_t> text, Ports& ports) {
  for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
    while (!word.empty()) {
      const size_t first = to_port(word);
      size_t last = first;
      if (!word.empty() && word.front() == '-') {
        word = word.subspan(1);
        last = to_port(word);
      }
      if (first > last || last >= kPortCount) return false;
      for (size_t port = first; port <= last; ++port) ports.bits[port / 8] |= static_cast<uint8_t>(1U << (port % 8));
      if (word.empty()) break;
      if (word.front() != ',') return false;
      word = word.subspan(1);
    }
  }
  return true;
}

}  // namespace

bool holds_setting(const char* key, std::span<const uint8_t> wanted, std::span<const uint8_t> held) {
  if (strcmp(key, kPorts) == 0) {
    Ports asked, reserved;
    return read_ports(wanted, asked) && read_ports(held, reserved) && memcmp(&asked, &reserved, sizeof asked) == 0;
  }
  for (auto word = next_word(wanted); !word.empty(); word = next_word(wanted))
    if (!same_word(word, next_word(held))) return false;
  return true;
}

}  // namespace containerv
