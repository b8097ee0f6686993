#include "terminal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <termios.h>

#include "mounts.h"
#include "rooted_path.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

namespace containerv {
namespace {

constexpr char kStep[] = "open terminal";

// A convenience for programs that write to /dev/console: its absence is no failure of the terminal.
void bind_console(int root, int peer) {
  MountPoint console{root, "/dev/console", open_in_root(root, "/dev/console", O_PATH, Links::kRefuse)};
  if (!console.fd) return;
  umount2("/dev/console", MNT_DETACH);
  console.fd = open_in_root(root, "/dev/console", O_PATH, Links::kRefuse);
  Failure ignored;
  if (console.fd) bind(console, peer, 0, false, kStep, ignored);
}

}  // namespace

bool open_terminal(uint32_t columns, uint32_t rows, Terminal& terminal, Failure& failure) {
  UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  terminal.master = open_in_root(root.get(), "/dev/pts/ptmx", O_RDWR | O_NOCTTY, Links::kRefuse);
  if (!terminal.master) return failure.set(kStep, "openat2", "/dev/pts/ptmx");
  struct statfs about;
  if (fstatfs(terminal.master.get(), &about) != 0 || about.f_type != DEVPTS_SUPER_MAGIC)
    return failure.set(ENODEV, kStep, "fstatfs", "/dev/pts/ptmx");
  const int unlocked = 0;
  if (ioctl(terminal.master.get(), TIOCSPTLCK, &unlocked) != 0) return failure.set(kStep, "ioctl(TIOCSPTLCK)");
  terminal.peer.reset(ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.peer) return failure.set(kStep, "ioctl(TIOCGPTPEER)");
  const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  if (ioctl(terminal.master.get(), TIOCSWINSZ, &size) != 0) return failure.set(kStep, "ioctl(TIOCSWINSZ)");
  bind_console(root.get(), terminal.peer.get());
  return true;
}

}  // namespace containerv
