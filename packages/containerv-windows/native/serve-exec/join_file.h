#pragma once

#include <string>

#include "json.h"

namespace containerv {

// What the driver says of a container to those who join it without the driver: src/documents/join-document.ts. How
// commands are confined is decided there, and only filled in here.
struct JoinFile {
  std::wstring owner;
  bool linux_guest = false;
  // Whether the policy lets a command be ContainerAdministrator.
  bool administrator = false;
  Json parameters;

  // False: `status` is what to exit with, everything has been said.
  bool read(const char* id, int& status);
};

std::wstring environment_variable(const wchar_t* name);

}  // namespace containerv
