#include "namespaces.h"

#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/unique_fd.h"
#include "confinement.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace containerv {

bool become_root_of_namespace(Failure& failure) {
  const char* step = "enter user namespace";
  if (setresgid(0, 0, 0) != 0) return failure.set(step, "setresgid");
  // EPERM where the owner of the namespace may not set groups: then they are its own, and it may keep them.
  if (syscall(SYS_setgroups, 0, nullptr) != 0 && errno != EPERM) return failure.set(step, "setgroups");
  if (setresuid(0, 0, 0) != 0) return failure.set(step, "setresuid");
  const int dropped = drop_inherited_capabilities();
  return dropped == 0 || failure.set(-dropped, step, "capset");
}

bool enter_cgroup_namespace(Failure& failure) {
  return unshare(CLONE_NEWCGROUP) == 0 || failure.set("enter cgroup namespace", "unshare(CLONE_NEWCGROUP)");
}

bool enter_time_namespace(int64_t monotonic_s, int64_t boottime_s, Failure& failure) {
  const char* step = "enter time namespace";
  if (unshare(CLONE_NEWTIME) != 0) return failure.set(step, "unshare(CLONE_NEWTIME)");
  char text[128];
  const int size = snprintf(text, sizeof text, "monotonic %" PRId64 " 0\nboottime %" PRId64 " 0\n", monotonic_s, boottime_s);
  // Becoming another user took our /proc files from us (proc(5)); the caller ends this.
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return failure.set(step, "prctl(PR_SET_DUMPABLE)");
  UniqueFd offsets(open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
  if (!offsets || write(offsets.get(), text, static_cast<size_t>(size)) != size)
    return failure.set(step, "write", "/proc/self/timens_offsets");
  return true;
}

bool set_names(const char* hostname, const char* domainname, Failure& failure) {
  if (hostname[0] && sethostname(hostname, strlen(hostname)) != 0) return failure.set("set hostname", "sethostname");
  if (domainname[0] && setdomainname(domainname, strlen(domainname)) != 0)
    return failure.set("set domain name", "setdomainname");
  return true;
}

bool raise_loopback(Failure& failure) {
  const char* step = "raise loopback interface";
  UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
  if (!socket_fd || ioctl(socket_fd.get(), SIOCGIFFLAGS, &request) != 0) return failure.set(step, "ioctl(SIOCGIFFLAGS)");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) == 0 || failure.set(step, "ioctl(SIOCSIFFLAGS)");
}

void describe_namespaces(int proc, char* text, size_t size) {
  size_t used = strlen(text);
  for (const char* type : {"mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time"}) {
    char path[64];
    // Time is a property of our children: ours stays the host's.
    snprintf(path, sizeof path, "%d/ns/%s%s", getpid(), type, strcmp(type, "time") == 0 ? "_for_children" : "");
    struct stat about;
    if (fstatat(proc, path, &about, 0) != 0) continue;
    const int written = snprintf(text + used, size - used, "ns %s %" PRIu64 "\n", type, static_cast<uint64_t>(about.st_ino));
    if (written < 0 || static_cast<size_t>(written) >= size - used) return;
    used += static_cast<size_t>(written);
  }
}

void describe_id_maps(int proc, char* text, size_t size) {
  size_t used = strlen(text);
  for (const char* file : {"uid_map", "gid_map"}) {
    char path[64], map[1024];
    snprintf(path, sizeof path, "%d/%s", getpid(), file);
    UniqueFd opened(openat(proc, path, O_RDONLY | O_CLOEXEC));
    const ssize_t got = opened ? read(opened.get(), map, sizeof map - 1) : -1;
    if (got <= 0) continue;
    map[got] = 0;
    // A map cut short would be a wrong one: only whole lines.
    for (char* line = map; char* end = strchr(line, '\n'); line = end + 1) {
      *end = 0;
      const int written = snprintf(text + used, size - used, "%s %s\n", file, line);
      if (written < 0 || static_cast<size_t>(written) >= size - used) {
        text[used] = 0;
        return;
      }
      used += static_cast<size_t>(written);
    }
  }
}

}  // namespace containerv
