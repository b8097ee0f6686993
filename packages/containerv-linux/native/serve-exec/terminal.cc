#include "terminal.h"

#include "system.h"

namespace containerv {
namespace {

constexpr int kIn = 0;
constexpr int kOut = 1;

// The kernel stops a background job that changes its terminal or reads from it.
bool is_in_foreground() {
  int group = 0;
  const long result = sys::ioctl(kIn, TIOCGPGRP, &group);
  // A terminal that controls nobody here has no jobs.
  return result == -ENOTTY || (result == 0 && group == sys::raw_syscall(SYS_getpgid, 0));
}

}  // namespace

bool is_terminal(int fd) {
  termios ignored;
  return sys::ioctl(fd, TCGETS, &ignored) == 0;
}

TerminalSize terminal_size() {
  TerminalSize size{};
  sys::ioctl(kOut, TIOCGWINSZ, &size);
  // A terminal that was never told its size says 0.
  if (size.rows == 0) size.rows = 24;
  if (size.columns == 0) size.columns = 80;
  return size;
}

void AttachedTerminal::attach(UniqueFd master) {
  master_ = static_cast<UniqueFd&&>(master);
  sys::fcntl(master_.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  attached_ = true;
  resume();
}

void AttachedTerminal::resume() {
  if (!attached_ || raw_ || !is_in_foreground() || sys::ioctl(kIn, TCGETS, &saved_) != 0) return;
  // cfmakeraw(3)
  termios raw = saved_;
  raw.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  raw.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB);
  raw.c_cflag |= CS8;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (sys::ioctl(kIn, TCSETSW, &raw) != 0) return;
  raw_ = true;
  resize();
}

void AttachedTerminal::suspend() {
  if (!raw_) return;
  raw_ = false;
  sys::ioctl(kIn, TCSETSW, &saved_);
}

void AttachedTerminal::resize() {
  if (!attached_) return;
  TerminalSize size = terminal_size();
  sys::ioctl(master_.get(), TIOCSWINSZ, &size);
}

void AttachedTerminal::read_keys() {
  const long got = sys::read(kIn, keys_, sizeof keys_);
  if (got > 0)
    pending_ = static_cast<size_t>(got), written_ = 0;
  else if (got != -EINTR && got != -EAGAIN)
    keys_ended_ = true;
  write_keys();
}

void AttachedTerminal::write_keys() {
  while (pending_ > 0) {
    const long put = sys::write(master_.get(), keys_ + written_, pending_);
    if (put == -EAGAIN) return;
    if (put == -EINTR) continue;
    // Nobody is there to read them.
    if (put <= 0) return static_cast<void>(pending_ = 0);
    written_ += static_cast<size_t>(put);
    pending_ -= static_cast<size_t>(put);
  }
}

bool AttachedTerminal::copy_output() {
  static uint8_t output[16384];
  if (!master_) return false;
  const long got = sys::read(master_.get(), output, sizeof output);
  if (got == -EAGAIN || got == -EINTR) return false;
  // EIO: the command's side is closed.
  if (got <= 0) return master_.reset(), false;
  for (long done = 0; done < got;) {
    const long put = sys::write(kOut, output + done, static_cast<size_t>(got - done));
    if (put == -EAGAIN) {
      pollfd room{kOut, POLLOUT, 0};
      sys::poll(&room, 1, -1);
    } else if (put != -EINTR) {
      // A terminal that is gone: the command goes on until it is told so.
      if (put <= 0) return true;
      done += put;
    }
  }
  return true;
}

}  // namespace containerv
