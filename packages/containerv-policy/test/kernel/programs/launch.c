// launch FILTER COMMAND [ARG...]: loads a compiled filter as containerv's init does, then becomes the command.
// Ends with 125 and a message when anything before the command fails.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char* step) {
  dprintf(2, "launch: %s: %s\n", step, strerror(errno));
  _exit(125);
}

int main(int argc, char** argv, char** envp) {
  if (argc < 3) {
    dprintf(2, "usage: launch FILTER COMMAND [ARG...]\n");
    return 125;
  }
  static struct sock_filter filter[BPF_MAXINSNS + 1];
  int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(argv[1]);
  ssize_t bytes = read(fd, filter, sizeof filter);
  if (bytes < 0) fail(argv[1]);
  close(fd);
  struct sock_fprog program = {.len = (unsigned short)(bytes / sizeof *filter), .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) fail("seccomp");
  // The same libc-free path as in the container: under `custom` nothing else is allowed any more.
  execve(argv[2], argv + 2, envp);
  _exit(124);
}
