// Virtual disks: which are attached, and whether documents refer to them rightly.
#pragma once

#include <windows.h>

#include <string>
#include <vector>

namespace fake {

// Empty when it is the volume of a disk that is attached.
std::string disk_volume_error(const std::string& volume);

// Files that are still attached, for the report; forgetting detaches them.
std::vector<std::string> attached_disks();
void forget_disks();

}  // namespace fake
