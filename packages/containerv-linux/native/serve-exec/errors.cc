#include "errors.h"

#include <errno.h>

#include "line.h"
#include "runtime.h"

namespace containerv {

namespace {

const char* error_text(int error) {
  switch (error) {
    case EPERM: return "EPERM, operation not permitted";
    case ENOENT: return "ENOENT, no such file or directory";
    case EIO: return "EIO, input/output error";
    case E2BIG: return "E2BIG, argument list too long";
    case ENOEXEC: return "ENOEXEC, exec format error";
    case EAGAIN: return "EAGAIN, resource temporarily unavailable";
    case ENOMEM: return "ENOMEM, out of memory";
    case EACCES: return "EACCES, permission denied";
    case ENODEV: return "ENODEV, no such device";
    case ENOTDIR: return "ENOTDIR, not a directory";
    case EISDIR: return "EISDIR, is a directory";
    case EINVAL: return "EINVAL, invalid argument";
    case EMFILE: return "EMFILE, too many open files";
    case ETXTBSY: return "ETXTBSY, text file is busy";
    case ENAMETOOLONG: return "ENAMETOOLONG, name too long";
    case ELOOP: return "ELOOP, too many symbolic links";
    case EBADMSG: return "EBADMSG, message not understood";
    case ESHUTDOWN: return "ESHUTDOWN, the container is stopping";
    default: return nullptr;
  }
}

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

struct Failure {
  int error;
  const char* step;
  const char* syscall;
  const char* path;
  const char* detail;
};

Line& add_reason(Line& line, const Failure& failure) {
  return add_error(line.add(" (").add(failure.syscall).add(": "), failure.error).add(")");
}

int complain_of_command(const Failure& failure) {
  Line line;
  const bool missing = failure.error == ENOENT || failure.error == ENOTDIR;
  if (starts_with(failure.detail, "interpreter ")) {
    line.add("The interpreter '").add(failure.detail + 12).add("' of the script '").add(failure.path);
    line.add("' does not exist. Install it in the container, or correct the script's first line.");
  } else if (starts_with(failure.detail, "loader ")) {
    line.add("The dynamic loader '").add(failure.detail + 7).add("' of '").add(failure.path);
    line.add("' does not exist. The container lacks the program's C library.");
  } else if (missing || failure.error == ELOOP) {
    add_reason(line.add("Command not found: '").add(failure.path).add("'"), failure);
    line.add(same(failure.step, "find command") ? ". It was looked for in the container's PATH."
                                                : ". The path is looked up inside the container.");
  } else if (failure.error == ENOEXEC) {
    add_reason(line.add("Not a program for this machine: '").add(failure.path).add("'"), failure);
    line.add(". A script needs a first line such as '#!/bin/sh'.");
  } else if (failure.error == EACCES) {
    add_reason(line.add("Not executable: '").add(failure.path).add("'"), failure);
    line.add(". Check its mode, and the modes of the directories above it.");
  } else {
    add_reason(line.add("Cannot execute '").add(failure.path).add("'"), failure);
  }
  return complain(line, missing ? kNotFound : kNotExecutable);
}

}  // namespace

Line& add_error(Line& line, int error) {
  if (const char* text = error_text(error)) return line.add(text);
  return line.add("error ").add(error);
}

int complain_of_failure(WireReader reader, const CommandLine& command) {
  const Failure failure{reader.i32(), reader.text(), reader.text(), reader.text(), reader.text()};
  if (!reader.ok()) return complain("The container answered in another version's language. Install one version of both.");
  if (same(failure.step, "find command") || same(failure.step, "execute command")) return complain_of_command(failure);
  Line line;
  if (same(failure.step, "enter working directory")) {
    add_reason(line.add("Cannot enter '").add(failure.path).add("'"), failure);
    line.add(". Choose another --wdir; it is a directory of the container.");
  } else if (same(failure.step, "become user") && same(failure.syscall, "read") && failure.error == ENOENT) {
    line.add("There is no ").add(failure.detail).add(" as '").add(command.user ? command.user : failure.path);
    line.add("' says. Names are looked up in the container's own /etc/passwd and /etc/group.");
  } else {
    line.add(failure.step);
    if (*failure.path) line.add(" '").add(failure.path).add("'");
    add_reason(line, failure);
    if (failure.error == EAGAIN || failure.error == ENOMEM)
      line.add(". The container is at its limit of processes or memory.");
  }
  return complain(line);
}

}  // namespace containerv
