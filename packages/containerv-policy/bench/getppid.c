// getppid FILTER|- COUNT: loads a compiled filter, then prints the nanoseconds of one getppid(2), of COUNT.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 125;
  static struct sock_filter filter[BPF_MAXINSNS];
  if (strcmp(argv[1], "-") != 0) {
    const int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    const ssize_t bytes = fd < 0 ? -1 : read(fd, filter, sizeof filter);
    if (bytes <= 0) return 125;
    struct sock_fprog program = {.len = (unsigned short)(bytes / (ssize_t)sizeof *filter), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 125;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 125;
  }
  const long count = atol(argv[2]);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long i = 0; i < count; ++i) syscall(SYS_getppid);
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double ns = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
  printf("%.2f\n", ns / (double)count);
  return 0;
}
