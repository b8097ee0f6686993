#include "transfer_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/transfer/messages.h"
#include "../common/transfer/tree_source.h"
#include "../common/transfer/tree_target.h"
#include "confinement.h"
#include "descriptors.h"
#include "rooted_path.h"
#include "transfer_filter.h"

namespace containerv {
namespace {

using namespace transfer;

// Whose file it is and what its mode says is nothing to root in its own container.
constexpr uint64_t kCapabilities = 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID;
constexpr int kSocket = 0, kProc = 1;
// A datagram is sent once it is this full; what is added last may be as large as a small file.
constexpr size_t kFull = 56 * 1024;

// Where a walk's findings become datagrams.
class Sending final : public TreeSink {
 public:
  bool enter(const char* name, const Metadata& data) override {
    begin(kEnter);
    packer_.text(name);
    packer_.metadata(data);
    return end();
  }
  bool leave(const Metadata& data, Attributes attributes) override {
    begin(kLeave);
    packer_.metadata(data);
    packer_.bytes(attributes);
    return end();
  }
  bool file(const char* name, const Metadata& data, Attributes attributes, int fd, bool sparse) override {
    if (sparse || data.size > kMaxInlineFile) return large(name, data, attributes, fd);
    static uint8_t content[kMaxInlineFile];
    size_t size = 0;
    while (size < data.size) {
      const ssize_t got = read(fd, content + size, data.size - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed(name, {errno, "read"});
      if (got == 0) break;
      size += static_cast<size_t>(got);
    }
    begin(kSmall);
    packer_.text(name);
    packer_.metadata(data);
    packer_.bytes(attributes);
    packer_.bytes({content, size});
    return end();
  }
  bool link(const char* name, const Metadata& data, const char* target) override {
    begin(kLink);
    packer_.text(name);
    packer_.metadata(data);
    packer_.text(target);
    return end();
  }
  bool failed(const char* name, Outcome outcome) override {
    begin(kFailed);
    packer_.text(name);
    packer_.u32(static_cast<uint32_t>(outcome.error));
    packer_.text(outcome.call);
    return end();
  }
  bool finish() {
    if (!flush()) return false;
    packer_.clear();
    packer_.u32(kEnd);
    const bool sent = send_datagram(kSocket, packer_.packed());
    packer_.clear();
    return sent;
  }

 private:
  void begin(Record record) {
    if (packer_.size() == 0) packer_.u32(kRecords);
    packer_.u32(record);
  }
  bool end() { return packer_.ok() && (packer_.size() < kFull || flush()); }
  bool flush() {
    const bool sent = packer_.size() == 0 || send_datagram(kSocket, packer_.packed());
    packer_.clear();
    return sent;
  }
  bool large(const char* name, const Metadata& data, Attributes attributes, int fd) {
    if (!flush()) return false;
    packer_.u32(kFile);
    packer_.text(name);
    packer_.metadata(data);
    packer_.bytes(attributes);
    const bool sent = packer_.ok() && send_datagram(kSocket, packer_.packed(), fd);
    packer_.clear();
    return sent;
  }

  Packer packer_;
};

class Agent {
 public:
  Agent(UniqueFd root) : root_(static_cast<UniqueFd&&>(root)) {}

  bool greet() {
    reply_.clear();
    reply_.u32(kHello);
    for (const char* name : {"uid_map", "gid_map"}) {
      char path[64], text[16 * 1024];
      snprintf(path, sizeof path, "self/%s", name);
      UniqueFd file(openat(kProc, path, O_RDONLY | O_CLOEXEC));
      const ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
      if (size < 0) return false;
      reply_.text({text, static_cast<size_t>(size)});
    }
    return send_datagram(kSocket, reply_.packed());
  }

  // False when the driver is gone, or says what no driver says.
  bool serve() {
    UniqueFd none;
    const auto datagram = receive_datagram(kSocket, buffer_, none);
    WireReader reader(datagram);
    switch (reader.u32()) {
      case kTarget: return aim(reader);
      case kRecords: return apply(reader);
      case kOpen: return open(reader);
      case kCommit: return commit(reader);
      case kDiscard: return target_.discard(), answer({});
      case kSource: return send(reader);
      case kFetch: return fetch(reader);
      default: return false;
    }
  }

  // What is not whole by now never will be.
  void discard() { target_.discard(); }

 private:
  bool answer(Outcome outcome, int fd = -1) {
    reply_.clear();
    reply_.u32(kStatus);
    reply_.u32(static_cast<uint32_t>(outcome.error));
    reply_.text(outcome.call);
    return send_datagram(kSocket, reply_.packed(), fd);
  }

  // Splits a clean absolute path; `name` is empty for the root itself.
  static bool split(const char* path, char (&parent)[PATH_MAX], const char*& name) {
    const char* slash = strrchr(path, '/');
    if (!slash || strlen(path) >= sizeof parent) return false;
    const auto size = static_cast<size_t>(slash - path);
    memcpy(parent, path, size);
    parent[size] = 0;
    name = slash + 1;
    return strlen(name) < 256;
  }

  bool aim(WireReader& reader) {
    const char* path = reader.text();
    char parent[PATH_MAX];
    const char* name;
    if (!reader.finished()) return false;
    if (!split(path, parent, name)) return answer({ENAMETOOLONG, "openat2"});
    UniqueFd directory = make_in_root(root_.get(), parent[0] ? parent : "/", Kind::kDirectory, 0755);
    if (!directory) return answer({errno, "openat2"});
    UniqueFd existing = open_in_root(root_.get(), path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    target_.start(static_cast<UniqueFd&&>(directory), name, static_cast<UniqueFd&&>(existing));
    return answer({});
  }

  Outcome apply_one(WireReader& reader) {
    switch (reader.u32()) {
      case kEnter: {
        const char* name = reader.text();
        read_metadata(reader);
        return reader.ok() ? target_.enter(name) : Outcome{};
      }
      case kLeave: {
        const Metadata data = read_metadata(reader);
        const auto attributes = reader.bytes();
        return reader.ok() ? target_.leave(data, attributes) : Outcome{};
      }
      case kSmall: {
        const char* name = reader.text();
        const Metadata data = read_metadata(reader);
        const auto attributes = reader.bytes();
        const auto content = reader.bytes();
        return reader.ok() ? target_.small(name, data, attributes, content) : Outcome{};
      }
      case kLink: {
        const char* name = reader.text();
        const Metadata data = read_metadata(reader);
        const char* to = reader.text();
        return reader.ok() ? target_.link(name, data, to) : Outcome{};
      }
      default: reader.fail(); return {};
    }
  }

  bool apply(WireReader& reader) {
    reply_.clear();
    reply_.u32(kResults);
    for (uint32_t place = 0; reader.ok() && !reader.finished(); ++place) {
      const Outcome outcome = apply_one(reader);
      if (outcome.ok()) continue;
      reply_.u32(place);
      reply_.u32(static_cast<uint32_t>(outcome.error));
      reply_.text(outcome.call);
    }
    return reader.ok() && reply_.ok() && send_datagram(kSocket, reply_.packed());
  }

  bool open(WireReader& reader) {
    const char* name = reader.text();
    if (!reader.finished()) return false;
    const Outcome outcome = target_.open(name);
    return answer(outcome, outcome.ok() ? target_.opened() : -1);
  }

  bool commit(WireReader& reader) {
    const Metadata data = read_metadata(reader);
    const auto attributes = reader.bytes();
    return reader.finished() && answer(target_.commit(data, attributes));
  }

  UniqueFd find(const char* path, bool follow) {
    char parent[PATH_MAX];
    const char* name;
    if (!split(path, parent, name)) return errno = ENAMETOOLONG, UniqueFd();
    if (follow || !name[0]) return open_in_root(root_.get(), path, O_PATH);
    const UniqueFd directory = open_in_root(root_.get(), parent[0] ? parent : "/", O_PATH | O_DIRECTORY);
    if (!directory) return UniqueFd();
    return UniqueFd(openat(directory.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }

  bool send(WireReader& reader) {
    const char* path = reader.text();
    const bool follow = reader.u32() != 0;
    if (!reader.finished()) return false;
    UniqueFd entry = find(path, follow);
    const bool sent = entry ? TreeSource(kProc, sending_).send(static_cast<UniqueFd&&>(entry), "")
                            : sending_.failed("", {errno, "openat2"});
    return sent && sending_.finish();
  }

  bool fetch(WireReader& reader) {
    const char* path = reader.text();
    if (!reader.finished()) return false;
    const UniqueFd entry = find(path, true);
    struct stat about;
    if (!entry || fstat(entry.get(), &about) != 0) return answer({errno, "openat2"});
    if (S_ISDIR(about.st_mode)) return answer({EISDIR, "open"});
    if (!S_ISREG(about.st_mode)) return answer({EOPNOTSUPP, "open"});
    char link[40];
    snprintf(link, sizeof link, "self/fd/%d", entry.get());
    const UniqueFd file(openat(kProc, link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    return file ? answer({}, file.get()) : answer({errno, "open"});
  }

  UniqueFd root_;
  TreeTarget target_{{kProc, 07777, true, true}};
  Sending sending_;
  Packer reply_;
  uint8_t buffer_[Packer::kCapacity];
};

bool confine() {
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  return limit_bounding_set(kCapabilities) == 0 && set_capabilities(kCapabilities) == 0 && load_transfer_filter() == 0;
}

}  // namespace

void run_transfer_agent(int socket, int proc) {
  // Nothing of process 1 stays open here: neither its clients nor the state directory's lock.
  UniqueFd parked_socket(fcntl(socket, F_DUPFD_CLOEXEC, 10)), parked_proc(fcntl(proc, F_DUPFD_CLOEXEC, 10));
  if (dup2(parked_socket.get(), kSocket) < 0 || dup2(parked_proc.get(), kProc) < 0) _exit(1);
  static_cast<void>(parked_socket.release());
  static_cast<void>(parked_proc.release());
  close_from(kProc + 1);
  UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) _exit(1);
  static Agent agent(static_cast<UniqueFd&&>(root));
  if (!confine()) _exit(1);
  if (agent.greet())
    while (agent.serve()) {
    }
  agent.discard();
  _exit(0);
}

}  // namespace containerv
