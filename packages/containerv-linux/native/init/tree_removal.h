#pragma once

#include "failure.h"

namespace containerv {

// Removes everything in a directory, whoever in our user namespace owns it.
bool empty_directory(int directory, Failure& failure);

}  // namespace containerv
