// open.c: opens and closes a file again and again; prints microseconds for one of it, a line for each round.
// usage: open ROUNDS FILE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { kTimes = 20000 };

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  for (int round = atoi(argv[1]); round > 0; --round) {
    const double start = now_us();
    for (int i = 0; i < kTimes; ++i) {
      const int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
      if (fd < 0) return perror(argv[2]), 1;
      close(fd);
    }
    printf("%.4f\n", (now_us() - start) / kTimes);
  }
  return 0;
}
