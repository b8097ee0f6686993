// /etc/passwd and /etc/group of a root that somebody else made (init/account_file.h). The first line is the name that is
// looked up; the rest is the file.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace {

int content = -1;

int open_content(const char*, int) {
  lseek(content, 0, SEEK_SET);
  return dup(content);
}

}  // namespace

#define open(path, flags) open_content(path, flags)
#include "../init/account_file.cc"
#undef open

using namespace containerv;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto* end = static_cast<const uint8_t*>(memchr(data, '\n', size));
  const size_t length = end ? static_cast<size_t>(end - data) : size;
  const std::string name(reinterpret_cast<const char*>(data), length);
  content = memfd_create("accounts", MFD_CLOEXEC);
  const uint8_t* rest = end ? end + 1 : data + size;
  const size_t left = static_cast<size_t>(data + size - rest);
  if (content < 0 || write(content, rest, left) != static_cast<ssize_t>(left)) abort();
  Account account;
  if (find_user(name.c_str(), account) == 0 && (account.uid > INT32_MAX || account.gid > INT32_MAX)) abort();
  uint32_t id;
  if (parse_id(name.c_str(), id) && find_user(static_cast<uid_t>(id), account) == 0 && account.gid > INT32_MAX) abort();
  gid_t gid;
  if (find_group(name.c_str(), gid) == 0 && gid > INT32_MAX) abort();
  gid_t groups[8];
  const int found = find_memberships(name.c_str(), groups, 8);
  if (found > 8) abort();
  for (int i = 0; i < found; ++i)
    if (groups[i] > INT32_MAX) abort();
  close(content);
  return 0;
}
