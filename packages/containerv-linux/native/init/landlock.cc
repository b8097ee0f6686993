#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/kernel.h"
#include "../common/protocol.h"
#include "../common/wire.h"
#include "rooted_path.h"

namespace containerv {
namespace {

using kernel::raw_syscall;
using protocol::kPathOfBase;
using protocol::kPathRequired;

constexpr char kStep[] = "apply file rules";

// linux/landlock.h, of which older headers lack parts. A kernel whose structure is shorter accepts a
// longer one if the rest is zero.
struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};
struct __attribute__((packed)) PathAttributes {
  uint64_t allowed_access;
  int32_t parent_fd;
};
struct PortAttributes {
  uint64_t allowed_access;
  uint64_t port;
};
constexpr long kRulePathBeneath = 1;
constexpr long kRuleNetPort = 2;
constexpr long kCreateRulesetVersion = 1;

// All that makes sense for what is not a directory: EXECUTE, WRITE_FILE, READ_FILE, TRUNCATE, IOCTL_DEV
// and RESOLVE_UNIX. The kernel refuses a rule for a file with any other (EINVAL).
constexpr uint64_t kFileRights = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15 | 1 << 16;

long address(const void* pointer) { return reinterpret_cast<long>(pointer); }

bool leads_nowhere(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EACCES || error == ENAMETOOLONG;
}

bool add_rule(int ruleset, long type, const void* attributes, const char* path, Failure& failure) {
  const long result = raw_syscall(SYS_landlock_add_rule, ruleset, type, address(attributes), 0);
  return result == 0 || failure.set(static_cast<int>(-result), kStep, "landlock_add_rule", path);
}

bool add_paths(WireReader& reader, int ruleset, int root, MissedPaths& missed, Failure& failure) {
  const uint32_t count = reader.count(17);
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const char* path = reader.text();
    uint64_t rights = reader.u64();
    const uint32_t origin = reader.u32();
    if (!reader.ok()) break;
    UniqueFd target = open_in_root(root, path, O_PATH, origin == kPathOfBase ? Links::kRefuse : Links::kFollowInRoot);
    if (!target) {
      if (origin == kPathRequired || !leads_nowhere(errno)) return failure.set(kStep, "openat2", path);
      missed.add(i);
      continue;
    }
    struct stat about;
    if (fstat(target.get(), &about) != 0) return failure.set(kStep, "fstat", path);
    if (!S_ISDIR(about.st_mode)) rights &= kFileRights;
    if (rights == 0) continue;  // allows nothing, which the kernel takes for a mistake (ENOMSG)
    const PathAttributes attributes{rights, target.get()};
    if (!add_rule(ruleset, kRulePathBeneath, &attributes, path, failure)) return false;
  }
  return true;
}

bool add_ports(WireReader& reader, int ruleset, Failure& failure) {
  const uint32_t count = reader.count(16);
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    const uint64_t port = reader.u64();
    const PortAttributes attributes{reader.u64(), port};
    if (reader.ok() && !add_rule(ruleset, kRuleNetPort, &attributes, "", failure)) return false;
  }
  return true;
}

constexpr uint64_t kNetBindTcp = 1;
constexpr uint64_t kNetConnectTcp = 2;

// What a task tries under the ruleset, and -EACCES for all of it if the ruleset is in force.
struct Attempt {
  int ruleset;
  int outside;
  int socket;  // -1: no rights for ports are handled
  uint64_t network;
  int error = 0;  // of restricting itself
  long opened = -EACCES;
  long bound = -EACCES;
  long connected = -EACCES;
};

// Runs on our memory: raw system calls alone.
int attempt(void* argument) {
  auto& a = *static_cast<Attempt*>(argument);
  // No rule is for port 0, and without a ruleset neither call answers EACCES.
  const sockaddr_in nowhere{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
  a.error = restrict_self(a.ruleset);
  if (a.error != 0) return 0;
  if (a.outside >= 0)
    a.opened = raw_syscall(SYS_openat, a.outside, address("."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (a.network & kNetConnectTcp) a.connected = raw_syscall(SYS_connect, a.socket, address(&nowhere), sizeof nowhere);
  if (a.network & kNetBindTcp) a.bound = raw_syscall(SYS_bind, a.socket, address(&nowhere), sizeof nowhere);
  return 0;
}

alignas(16) char stack[16 * 1024];

}  // namespace

void MissedPaths::add(uint32_t position) {
  const size_t used = strlen(text);
  char number[16];
  const int size = snprintf(number, sizeof number, "%s%u", used > 0 ? " " : "", position);
  if (used + static_cast<size_t>(size) + sizeof " ..." <= sizeof text)
    memcpy(text + used, number, static_cast<size_t>(size) + 1);
  else if (used < 3 || strcmp(text + used - 3, "...") != 0)
    memcpy(text + used, " ...", sizeof " ...");
}

UniqueFd make_ruleset(std::span<const uint8_t> description, int root, MissedPaths& missed, Failure& failure) {
  failure.error = 0;
  if (description.empty()) return UniqueFd();
  WireReader reader(description);
  const uint64_t files = reader.u64();
  const uint64_t network = reader.u64();
  const RulesetAttributes attributes{files, network, reader.u64()};
  if (!reader.ok()) {
    failure.set(EBADMSG, kStep, "recvmsg");
    return UniqueFd();
  }
  const long created = raw_syscall(SYS_landlock_create_ruleset, address(&attributes), sizeof attributes, 0);
  if (created < 0) {
    failure.set(static_cast<int>(-created), kStep, "landlock_create_ruleset");
    return UniqueFd();
  }
  UniqueFd ruleset(static_cast<int>(created));
  if (!add_paths(reader, ruleset.get(), root, missed, failure) || !add_ports(reader, ruleset.get(), failure))
    return UniqueFd();
  if (!reader.finished()) {
    failure.set(EBADMSG, kStep, "recvmsg");
    return UniqueFd();
  }
  return ruleset;
}

int restrict_self(int ruleset) { return static_cast<int>(raw_syscall(SYS_landlock_restrict_self, ruleset, 0)); }

int ruleset_in_force(int ruleset, std::span<const uint8_t> description, int outside, Failure& failure) {
  const char* step = "probe file rules";
  WireReader reader(description);
  const bool files = reader.u64() != 0;
  const uint64_t network = reader.u64();
  // Without the ruleset it opens, so that being denied can have no other cause.
  UniqueFd opened(openat(outside, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return failure.set(step, "openat"), -1;
  UniqueFd tcp(network != 0 ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1);
  if (network != 0 && !tcp) return failure.set(step, "socket"), -1;
  Attempt attempted{ruleset, files ? outside : -1, tcp.get(), network};
  const pid_t pid = clone(attempt, stack + sizeof stack, CLONE_VM, &attempted);
  if (pid < 0) return failure.set(step, "clone"), -1;
  while (waitpid(pid, nullptr, __WALL) < 0)
    if (errno != EINTR) return failure.set(step, "waitpid"), -1;
  if (attempted.error != 0) return failure.set(-attempted.error, step, "landlock_restrict_self"), -1;
  if (attempted.opened != -EACCES || attempted.bound != -EACCES || attempted.connected != -EACCES) return 0;
  const long abi = raw_syscall(SYS_landlock_create_ruleset, 0, 0, kCreateRulesetVersion);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

}  // namespace containerv
