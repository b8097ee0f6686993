// probe FILTER: for each line `NUMBER A0 A1 A2 A3 A4 A5` (hexadecimal) of stdin makes that call in a process of its own
// that has loaded the filter, and prints what came of it: `errno N` (0: success), `signal N`, or `refused N` when the
// kernel did not take the filter.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct result {
  enum { NOTHING, REFUSED, DONE } state;
  int error;
};

static void call(const struct sock_fprog* program, const uint64_t* in, struct result* result) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0) {
    result->error = errno;
    result->state = REFUSED;
    _exit(0);
  }
  errno = 0;
  long value = syscall((long)in[0], in[1], in[2], in[3], in[4], in[5], in[6]);
  result->error = value == -1 ? errno : 0;
  result->state = DONE;
  // A filter that denies exiting makes this end by a signal; the result is safe already.
  _exit(0);
}

int main(int argc, char** argv) {
  static struct sock_filter filter[BPF_MAXINSNS + 1];
  int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
  ssize_t bytes = fd < 0 ? -1 : read(fd, filter, sizeof filter);
  struct result* result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (bytes < 0 || result == MAP_FAILED) {
    perror("probe");
    return 125;
  }
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  struct sock_fprog program = {.len = (unsigned short)(bytes / sizeof *filter), .filter = filter};
  uint64_t in[7];
  while (scanf("%" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64, in, in + 1, in + 2,
               in + 3, in + 4, in + 5, in + 6) == 7) {
    result->state = NOTHING;
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) {
      perror("fork");
      return 125;
    }
    if (child == 0) call(&program, in, result);
    int status = 0;
    if (waitpid(child, &status, 0) != child) {
      perror("waitpid");
      return 125;
    }
    if (result->state == DONE) printf("errno %d\n", result->error);
    else if (result->state == REFUSED) printf("refused %d\n", result->error);
    else printf("signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
  return 0;
}
