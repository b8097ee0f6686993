#include "map_helper.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <sstream>
#include <vector>

#include "sys_error.h"

namespace containerv {
namespace {

constexpr char kStep[] = "map subordinate ids";

void check(int error, const char* syscall, const std::string& program) {
  if (error == 0) return;
  errno = error;
  fail(kStep, syscall, program);
}

class Actions {
 public:
  explicit Actions(const std::string& program) {
    check(posix_spawn_file_actions_init(&actions_), "posix_spawn", program);
    for (const int fd : {0, 1, 2})
      check(posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0), "posix_spawn", program);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Signals as they are by default: a thread of the pool has them blocked.
class Attributes {
 public:
  explicit Attributes(const std::string& program) {
    check(posix_spawnattr_init(&attributes_), "posix_spawn", program);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

void run_map_helper(const std::string& program, pid_t pid, const std::string& map) {
  std::vector<std::string> words{program, std::to_string(pid)};
  std::istringstream numbers(map);
  for (std::string number; numbers >> number;) words.push_back(number);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // It has privileges, and our environment is nothing that it needs.
  char* environment[] = {nullptr};
  const Actions actions(program);
  const Attributes attributes(program);
  pid_t helper = -1;
  check(posix_spawn(&helper, program.c_str(), actions.get(), attributes.get(), arguments.data(), environment),
        "posix_spawn", program);
  int status = 0;
  while (waitpid(helper, &status, 0) < 0)
    if (errno != EINTR) fail(kStep, "waitpid", program);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  check(EPERM, "execve", program);
}

}  // namespace containerv
