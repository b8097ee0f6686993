#include "account_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/unique_fd.h"

namespace containerv {
namespace {

constexpr off_t kMaxFile = 1024 * 1024;
constexpr int kMaxFields = 8;

// Calls visit(fields, count) for each line until it returns true. 0, or ENOENT when no line was it.
template <typename Visit>
int scan(const char* path, int fields_needed, Visit visit) {
  UniqueFd file(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat about;
  if (!file || fstat(file.get(), &about) != 0) return errno;
  if (!S_ISREG(about.st_mode)) return EINVAL;
  if (about.st_size > kMaxFile) return EFBIG;
  char line[4096];
  size_t held = 0;
  off_t total = 0;
  bool skip = false;
  for (;;) {
    const ssize_t got = read(file.get(), line + held, sizeof line - 1 - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if ((total += got) > kMaxFile) return EFBIG;
    held += static_cast<size_t>(got);
    // A last line without an end is one too.
    if (got == 0 && held > 0) line[held++] = '\n';
    line[held] = 0;
    char* start = line;
    while (char* end = static_cast<char*>(memchr(start, '\n', static_cast<size_t>(line + held - start)))) {
      *end = 0;
      char* fields[kMaxFields];
      int count = 0;
      for (char* field = start; field && count < kMaxFields; ++count) {
        fields[count] = field;
        if ((field = strchr(field, ':'))) *field++ = 0;
      }
      if (!skip && count >= fields_needed && visit(fields)) return 0;
      skip = false;
      start = end + 1;
    }
    held = static_cast<size_t>(line + held - start);
    memmove(line, start, held);
    if (got == 0) return ENOENT;
    if (held == sizeof line - 1) held = 0, skip = true;  // a line this long names nobody
  }
}

}  // namespace

bool parse_id(const char* text, uint32_t& id) {
  uint64_t value = 0;
  if (*text == 0) return false;
  for (; *text; ++text) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + static_cast<uint64_t>(*text - '0');
    if (value > INT32_MAX) return false;
  }
  id = static_cast<uint32_t>(value);
  return true;
}

int find_user(const char* name, Account& account) {
  return scan("/etc/passwd", 4, [&](char** fields) {
    return strcmp(fields[0], name) == 0 && parse_id(fields[2], account.uid) && parse_id(fields[3], account.gid);
  });
}

int find_user(uid_t uid, Account& account) {
  return scan("/etc/passwd", 4, [&](char** fields) {
    uint32_t id;
    account.uid = uid;
    return parse_id(fields[2], id) && id == uid && parse_id(fields[3], account.gid);
  });
}

int find_group(const char* name, gid_t& gid) {
  return scan("/etc/group", 3, [&](char** fields) { return strcmp(fields[0], name) == 0 && parse_id(fields[2], gid); });
}

int find_memberships(const char* user, gid_t* groups, int most) {
  int found = 0;
  const int result = scan("/etc/group", 4, [&](char** fields) {
    for (char* member = strtok(fields[3], ","); member; member = strtok(nullptr, ","))
      if (strcmp(member, user) == 0 && found < most && parse_id(fields[2], groups[found])) ++found;
    return found == most;
  });
  if (result != 0 && result != ENOENT) return errno = result, -1;
  return found;
}

}  // namespace containerv
