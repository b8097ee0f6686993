/*
 * What the kernel itself charges for one isolated process: the yardstick for "create, run, destroy".
 *
 *   floor ROOT WORK RUNS
 *
 * A run is one vfork-like clone into new mount, pid, ipc, uts, cgroup and network namespaces, a private overlay of
 * ROOT with its upper and work directories in WORK, a procfs, a small tmpfs on /dev, pivot_root, /bin/true, and the
 * wait for its end. No limits, no filter, no protocol, no other language. Prints one duration in milliseconds a line.
 */
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 1 << 16, NAMESPACES = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET };

struct place {
	char root[1024];
	char options[8192];
};

static int isolated(void *argument)
{
	const struct place *place = argument;
	char *argv[] = { "true", NULL };
	char *envp[] = { NULL };

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 101;
	if (mount("overlay", place->root, "overlay", 0, place->options) != 0 || chdir(place->root) != 0)
		return 102;
	if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		return 103;
	if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") != 0)
		return 104;
	if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
		return 105;
	execve("/bin/true", argv, envp);
	return 106;
}

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	static struct place place;
	char upper[1024], work[1024];

	if (argc != 4)
		errx(2, "usage: floor ROOT WORK RUNS");
	snprintf(upper, sizeof upper, "%s/upper", argv[2]);
	snprintf(work, sizeof work, "%s/work", argv[2]);
	snprintf(place.root, sizeof place.root, "%s/merged", argv[2]);
	for (const char *directory = upper; directory; directory = directory == upper ? work : directory == work ? place.root : NULL)
		mkdir(directory, 0755);
	snprintf(place.options, sizeof place.options, "lowerdir=%s,upperdir=%s,workdir=%s", argv[1], upper, work);

	char *stack = malloc(STACK_BYTES);
	for (int run = atoi(argv[3]); run > 0; run--) {
		const double start = now_ms();
		const pid_t pid = clone(isolated, stack + STACK_BYTES, SIGCHLD | CLONE_VM | CLONE_VFORK | NAMESPACES, &place);
		int status = -1;

		if (pid < 0)
			err(1, "clone");
		waitpid(pid, &status, 0);
		if (status != 0)
			errx(1, "the isolated process ended with status %#x", status);
		printf("%.4f\n", now_ms() - start);
	}
	free(stack);
	return 0;
}
