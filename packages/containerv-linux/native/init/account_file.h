#pragma once

#include <stdint.h>
#include <sys/types.h>

namespace containerv {

// Users and groups as the root's own /etc/passwd and /etc/group name them (passwd(5), group(5)).
// The files may be hostile: opened inside the root without blocking, read up to 1 MiB, lines that
// do not parse are passed over, ids from 2^31 up are no ids.

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

// 0, or ENOENT when nobody has that name, or another errno.
int find_user(const char* name, Account& account);
int find_user(uid_t uid, Account& account);
int find_group(const char* name, gid_t& gid);
// Groups that list `user` as a member. -1 with errno set when the file cannot be read.
int find_memberships(const char* user, gid_t* groups, int most);

// A whole decimal number below 2^31, or false.
bool parse_id(const char* text, uint32_t& id);

}  // namespace containerv
