/*
 * What it costs to start a program and wait for its end, without Node in the way.
 *
 *   start RUNS PROGRAM [ARG...]
 *
 * Prints one duration in milliseconds a line; ends with 1 as soon as the program does not end with 0.
 */
#include <err.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: start RUNS PROGRAM [ARG...]");
	for (int run = atoi(argv[1]); run > 0; run--) {
		const double start = now_ms();
		pid_t pid;
		int status = -1;

		if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0)
			errx(1, "cannot start %s", argv[2]);
		waitpid(pid, &status, 0);
		if (status != 0)
			errx(1, "%s ended with status %#x", argv[2], (unsigned)status);
		printf("%.4f\n", now_ms() - start);
	}
	return 0;
}
