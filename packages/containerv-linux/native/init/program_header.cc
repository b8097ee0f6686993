#include "program_header.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/unique_fd.h"

namespace containerv {

void ProgramHeader::read_from(const char* path) {
  UniqueFd file(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat about;
  // One that may not be read may still be told apart.
  if ((file ? fstat(file.get(), &about) : stat(path, &about)) != 0) return;
  directory_ = S_ISDIR(about.st_mode);
  if (!file || !S_ISREG(about.st_mode)) return;
  const ssize_t got = read(file.get(), bytes_, sizeof bytes_ - 1);
  size_ = got > 0 ? static_cast<size_t>(got) : 0;
}

void ProgramHeader::explain(int error, char* text, size_t size) const {
  if (error == EACCES && directory_) {
    snprintf(text, size, "directory");
  } else if (error == ENOENT && size_ > 2 && bytes_[0] == '#' && bytes_[1] == '!') {
    const char* interpreter = bytes_ + 2 + strspn(bytes_ + 2, " \t");
    snprintf(text, size, "interpreter %.*s", static_cast<int>(strcspn(interpreter, " \t\r\n")), interpreter);
  } else if (size_ >= sizeof(Elf64_Ehdr) && memcmp(bytes_, ELFMAG, SELFMAG) == 0) {
    Elf64_Ehdr header;
    memcpy(&header, bytes_, sizeof header);
    // ENOENT for a program that exists: its dynamic loader does not.
    if (error == ENOENT) snprintf(text, size, "loader");
    if (error == ENOEXEC) snprintf(text, size, "machine %u", header.e_machine);
  } else if (error == ENOEXEC) {
    snprintf(text, size, "format");
  }
}

}  // namespace containerv
