/*
 * Process 1 of the test machine: loads the modules it was given, puts a writable overlay over the host's file system,
 * lays out cgroup v2 as systemd does, runs one command, and sends its output and wait status to the host.
 *
 * /modules holds the modules in the order in which they load. /job is a list of NUL-terminated strings: uid, working
 * directory, the descriptors that the host's file server may hold, number of environment variables, those, arguments.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"

enum { DRAIN_MS = 2000, TICK_MS = 200, MAX_WORDS = 512 };

struct job {
	uid_t uid;
	const char *directory;
	long host_descriptors;
	char *environment[MAX_WORDS + 1];
	char *arguments[MAX_WORDS + 1];
};

static _Noreturn void halt(void)
{
	sync();
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "<0>test machine: %s: %s\n", what, strerror(errno));
	halt();
}

static void must(bool ok, const char *what)
{
	if (!ok)
		give_up(what);
}

static void put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		warn("%s", path);
	close(fd);
}

static void append(const char *path, const char *text)
{
	FILE *file = fopen(path, "ae");

	must(file && fputs(text, file) >= 0 && fclose(file) == 0, path);
}

static char *format(const char *pattern, ...)
{
	char *text;
	va_list values;

	va_start(values, pattern);
	must(vasprintf(&text, pattern, values) >= 0, "format");
	va_end(values);
	return text;
}

static size_t read_file(const char *path, char *into, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	must(fd >= 0, path);
	while (used < size - 1 && (got = read(fd, into + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	into[used] = 0;
	return used;
}

static void mount_at(const char *type, const char *source, const char *target, unsigned long flags, const char *data)
{
	mkdir(target, 0755);
	must(mount(source, target, type, flags, data) == 0, target);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_modules(void)
{
	struct dirent **names;
	const int count = scandir("/modules", &names, NULL, by_name);

	must(count >= 0, "/modules");
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] == '.')
			continue;
		char *path = format("/modules/%s", names[i]->d_name);
		const int fd = open(path, O_RDONLY | O_CLOEXEC);

		must(fd >= 0 && (syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST), path);
		close(fd);
	}
}

static void read_job(struct job *job)
{
	static char text[1 << 20];
	const size_t size = read_file("/job", text, sizeof text);
	char *words[2 * MAX_WORDS + 4];
	size_t count = 0;

	for (char *word = text; word < text + size && count < sizeof words / sizeof *words; word += strlen(word) + 1)
		words[count++] = word;
	must(count > 4, "/job");
	job->uid = (uid_t)strtoul(words[0], NULL, 10);
	job->directory = words[1];
	job->host_descriptors = strtol(words[2], NULL, 10);
	const size_t variables = strtoul(words[3], NULL, 10);

	must(variables <= MAX_WORDS && count > 4 + variables && count - 4 - variables <= MAX_WORDS, "/job");
	memcpy(job->environment, words + 4, variables * sizeof *words);
	memcpy(job->arguments, words + 4 + variables, (count - 4 - variables) * sizeof *words);
}

static void enter_root(void)
{
	mount_at("virtiofs", "root", "/host", MS_RDONLY, NULL);
	mount_at("tmpfs", "writes", "/writes", 0, "mode=755,size=80%,nr_inodes=1m");
	must(mkdir("/writes/upper", 0755) == 0 && mkdir("/writes/work", 0755) == 0, "/writes");
	mount_at("overlay", "root", "/root-of-all", 0, "lowerdir=/host,upperdir=/writes/upper,workdir=/writes/work");
	must(chdir("/root-of-all") == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0, "enter root");
	must(chdir("/") == 0, "/");
}

static void populate_root(void)
{
	const unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	mount_at("proc", "proc", "/proc", plain, NULL);
	mount_at("sysfs", "sysfs", "/sys", plain, NULL);
	mount_at("devtmpfs", "dev", "/dev", MS_NOSUID, "mode=755");
	mount_at("devpts", "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
	mount_at("tmpfs", "shm", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_at("mqueue", "mqueue", "/dev/mqueue", plain, NULL);
	mount_at("tmpfs", "run", "/run", MS_NOSUID | MS_NODEV, "mode=755");
	mount_at("cgroup2", "cgroup2", CGROUPS, plain, "nsdelegate,memory_recursiveprot");
	mount_at("securityfs", "securityfs", "/sys/kernel/security", plain, NULL);
	mount_at("bpf", "bpf", "/sys/fs/bpf", plain, "mode=700");
	mount_at("ext4", "/dev/vda", "/scratch", MS_NOATIME, NULL);
	must(chmod("/scratch", 01777) == 0, "/scratch");
	const char *links[][2] = { { "/proc/self/fd", "/dev/fd" }, { "fd/0", "/dev/stdin" }, { "fd/1", "/dev/stdout" }, { "fd/2", "/dev/stderr" } };

	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		must(symlink(links[i][0], links[i][1]) == 0 || errno == EEXIST, links[i][1]);
	mkdir("/dev/net", 0755);
	must(mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)) == 0 || errno == EEXIST, "/dev/net/tun");
	chmod("/dev/net/tun", 0666);
	chmod("/dev/fuse", 0666);
}

static void raise_loopback(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "lo");
	close(fd);
}

static struct sockaddr internet(uint32_t address)
{
	struct sockaddr_in internet = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
	struct sockaddr any;

	memcpy(&any, &internet, sizeof any);
	return any;
}

/* A way out that leads nowhere: some programs look for a default route before they do anything. */
static void add_uplink(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "dummy0", .ifr_addr = internet(0xc0000202) };
	static char name[] = "dummy0";
	struct rtentry route = {
		.rt_dst = internet(0), .rt_genmask = internet(0), .rt_gateway = internet(0xc0000201),
		.rt_flags = RTF_UP | RTF_GATEWAY, .rt_dev = name,
	};

	must(fd >= 0 && ioctl(fd, SIOCSIFADDR, &request) == 0, "dummy0");
	request.ifr_netmask = internet(0xffffff00);
	must(ioctl(fd, SIOCSIFNETMASK, &request) == 0, "dummy0");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	must(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "dummy0");
	must(ioctl(fd, SIOCADDRT, &route) == 0, "route");
	close(fd);
}

static void add_user(uid_t uid)
{
	char *line = format("vmuser:x:%u:%u::/home/vmuser:/bin/sh\n", uid, uid);

	append("/etc/passwd", line);
	append("/etc/group", format("vmuser:x:%u:\n", uid));
	append("/etc/subuid", "vmuser:200000:65536\n");
	append("/etc/subgid", "vmuser:200000:65536\n");
	mkdir("/home", 0755);
	mkdir("/home/vmuser", 0755);
	must(chown("/home/vmuser", uid, uid) == 0, "/home/vmuser");
	mkdir("/run/user", 0755);
	char *runtime = format("/run/user/%u", uid);

	must(mkdir(runtime, 0700) == 0 && chown(runtime, uid, uid) == 0, runtime);
}

/* What is to run may lie where only root of the host may go, as below /root. */
static void open_way(const char *path)
{
	static char way[PATH_MAX];
	struct stat status;

	for (const char *end = path; *end == '/'; end += 1 + strcspn(end + 1, "/")) {
		snprintf(way, sizeof way, "%.*s", (int)(end - path), path);
		if (end > path && stat(way, &status) == 0 && S_ISDIR(status.st_mode))
			must(chmod(way, status.st_mode | 0111) == 0, way);
	}
}

/* Every controller for the groups below. */
static void enable_controllers(const char *group)
{
	static char names[4096];
	char *path = format("%s/cgroup.subtree_control", group);

	read_file(format("%s/cgroup.controllers", group), names, sizeof names);
	for (char *name = strtok(names, " \n"); name; name = strtok(NULL, " \n"))
		put(path, format("+%s", name));
}

/* What systemd hands over with Delegate=yes: cgroup.procs, cgroup.subtree_control and the like. */
static void delegate(const char *group, uid_t uid)
{
	static char files[4096];

	must(chown(group, uid, uid) == 0, group);
	read_file("/sys/kernel/cgroup/delegate", files, sizeof files);
	for (char *name = strtok(files, "\n"); name; name = strtok(NULL, "\n"))
		if (chown(format("%s/%s", group, name), uid, uid) != 0 && errno != ENOENT)
			give_up(name);
}

/* The group that the command runs in: the service of a user's own manager, or one below the top. */
static const char *make_groups(uid_t uid)
{
	enable_controllers(CGROUPS);
	if (uid == 0) {
		must(mkdir(CGROUPS "/job", 0755) == 0, "job");
		return CGROUPS "/job";
	}
	const char *below[] = { "user.slice", format("user-%u.slice", uid), format("user@%u.service", uid), "app.slice", "job.service" };
	const char *group = CGROUPS;

	for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
		group = format("%s/%s", group, below[i]);
		must(mkdir(group, 0755) == 0, group);
		if (i >= 2)
			delegate(group, uid);
		if (i + 1 < sizeof below / sizeof *below)
			enable_controllers(group);
	}
	return group;
}

static _Noreturn void run_command(struct job *job, const char *group, const int output[2])
{
	put(format("%s/cgroup.procs", group), "0");
	setsid();
	const int null = open("/dev/null", O_RDONLY);

	if (dup2(null, 0) < 0 || dup2(output[0], 1) < 0 || dup2(output[1], 2) < 0)
		_exit(125);
	if (job->uid != 0 && (setgroups(0, NULL) || setresgid(job->uid, job->uid, job->uid) || setresuid(job->uid, job->uid, job->uid)))
		_exit(125);
	if (chdir(job->directory) != 0)
		err(125, "%s", job->directory);
	execvpe(job->arguments[0], job->arguments, job->environment);
	err(127, "%s", job->arguments[0]);
}

/* A virtio-serial port of the host's, by name. */
static int open_port(const char *wanted)
{
	for (int attempt = 0; attempt < 500; attempt++, usleep(20000)) {
		DIR *ports = opendir("/sys/class/virtio-ports");

		for (struct dirent *port; ports && (port = readdir(ports));) {
			char name[64];
			char *path = format("/sys/class/virtio-ports/%s/name", port->d_name);

			if (port->d_name[0] == '.' || access(path, R_OK) != 0)
				continue;
			name[read_file(path, name, sizeof name) - 1] = 0;
			if (strcmp(name, wanted) != 0)
				continue;
			const int fd = open(format("/dev/%s", port->d_name), O_WRONLY | O_CLOEXEC);

			closedir(ports);
			must(fd >= 0, wanted);
			return fd;
		}
		if (ports)
			closedir(ports);
	}
	errno = ENODEV;
	give_up(wanted);
}

/* False at the end. */
static bool relay(int from, int to)
{
	static char buffer[65536];
	const ssize_t size = read(from, buffer, sizeof buffer);

	for (ssize_t sent = 0, got; sent < size; sent += got)
		must((got = write(to, buffer + sent, (size_t)(size - sent))) > 0, "port");
	return size > 0;
}

/* The host's file server holds a descriptor for each inode that we know. */
static void give_inodes_back(long host_descriptors)
{
	char text[64];

	read_file("/proc/sys/fs/inode-nr", text, sizeof text);
	if (strtol(text, NULL, 10) > host_descriptors / 5 * 4)
		put("/proc/sys/vm/drop_caches", "2");
}

static int supervise(pid_t command, int pipes[2], const int ports[2], long host_descriptors)
{
	int status = -1, left = DRAIN_MS;
	bool running = true;
	struct pollfd sources[2] = { { pipes[0], POLLIN, 0 }, { pipes[1], POLLIN, 0 } };

	while (running ? true : (sources[0].fd >= 0 || sources[1].fd >= 0) && left > 0) {
		if (poll(sources, 2, TICK_MS) == 0 && !running)
			left -= TICK_MS;
		for (int i = 0; i < 2; i++)
			if (sources[i].fd >= 0 && sources[i].revents != 0 && !relay(sources[i].fd, ports[i]))
				sources[i].fd = -1;
		for (int ended; ;) {
			const pid_t pid = waitpid(-1, &ended, WNOHANG);

			if (pid <= 0)
				break;
			if (pid == command) {
				status = ended;
				running = false;
			}
		}
		give_inodes_back(host_descriptors);
	}
	return status;
}

int main(void)
{
	static struct job job;
	int output[2], errors[2];

	mount_at("proc", "proc", "/proc", 0, NULL);
	mount_at("devtmpfs", "dev", "/dev", 0, NULL);
	freopen("/dev/kmsg", "w", stderr);
	read_job(&job);
	load_modules();
	enter_root();
	populate_root();
	raise_loopback();
	add_uplink();
	if (job.uid != 0)
		add_user(job.uid);
	open_way(format("%s/", job.directory));
	for (char **word = job.arguments; *word; word++)
		open_way(*word);
	const char *group = make_groups(job.uid);
	const int ports[2] = { open_port("stdout"), open_port("stderr") };
	const int status_port = open_port("status");

	must(write(status_port, "started\n", 8) == 8, "status");
	must(pipe2(output, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0, "pipe2");
	const pid_t command = fork();

	must(command >= 0, "fork");
	if (command == 0)
		run_command(&job, group, (const int[]){ output[1], errors[1] });
	close(output[1]);
	close(errors[1]);
	const int status = supervise(command, (int[]){ output[0], errors[0] }, ports, job.host_descriptors);
	char *line = format("ended %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));

	must(write(status_port, line, strlen(line)) > 0, "status");
	halt();
}
