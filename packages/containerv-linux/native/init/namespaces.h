#pragma once

#include <stddef.h>
#include <stdint.h>

#include "failure.h"

namespace containerv {

// Takes on uid and gid 0 of the namespace and drops what execve carried over for it: ambient and
// inheritable capabilities, supplementary groups.
bool become_root_of_namespace(Failure& failure);
bool enter_cgroup_namespace(Failure& failure);
// Children live in the new time namespace, with these offsets in seconds (time_namespaces(7)).
bool enter_time_namespace(int64_t monotonic_s, int64_t boottime_s, Failure& failure);
bool set_names(const char* hostname, const char* domainname, Failure& failure);
// The kernel gives the loopback interface its addresses when it comes up.
bool raise_loopback(Failure& failure);

// Appends a line "ns TYPE INODE" for each namespace this process is in; `proc` must show it.
void describe_namespaces(int proc, char* text, size_t size);
// Appends a line "uid_map INSIDE OUTSIDE COUNT", or "gid_map ...", for each line of our id maps.
void describe_id_maps(int proc, char* text, size_t size);

}  // namespace containerv
