#include "upload.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <deque>

#include "../../common/transfer/tree_source.h"
#include "../sys_error.h"
#include "copy_contents.h"

namespace containerv {
namespace {

using namespace transfer;

constexpr size_t kFull = 56 * 1024;
// So many datagrams may wait for their results: the agent writes while we read on.
constexpr size_t kMaxInFlight = 4;

class Upload final : public TreeSink {
 public:
  Upload(int socket, int proc, Owners owners, const TransferControl& control)
      : session_(socket, owners), source_(proc, *this), owners_(owners), control_(control) {}

  // @throws AgentGone
  void run(const std::vector<TransferItem>& items, TransferCounts& counts) {
    counts_ = &counts;
    for (item_ = 0; item_ < items.size() && !control_.aborted(); ++item_) copy(items[item_]);
    settle(0);
  }

  bool enter(const char* name, const Metadata& data) override {
    path_.push_back(name);
    begin(kEnter, path(), Kind::kDirectory);
    packer_.text(name);
    packer_.metadata(translated(data));
    return end();
  }
  bool leave(const Metadata& data, Attributes attributes) override {
    begin(kLeave, path(), Kind::kNothing);
    packer_.metadata(translated(data));
    packer_.bytes(attributes);
    path_.pop_back();
    return end();
  }
  bool file(const char* name, const Metadata& data, Attributes attributes, int fd, bool sparse) override {
    if (sparse || data.size > kMaxInlineFile) return large(name, data, attributes, fd);
    size_t size = 0;
    while (size < data.size) {
      const ssize_t got = read(fd, content_.get() + size, data.size - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed(name, {errno, "read"});
      if (got == 0) break;
      size += static_cast<size_t>(got);
    }
    begin(kSmall, path(name), Kind::kFile, size);
    packer_.text(name);
    packer_.metadata(translated(data));
    packer_.bytes(attributes);
    packer_.bytes({content_.get(), size});
    return end();
  }
  bool link(const char* name, const Metadata& data, const char* target) override {
    begin(kLink, path(name), Kind::kLink);
    packer_.text(name);
    packer_.metadata(translated(data));
    packer_.text(target);
    return end();
  }
  bool failed(const char* name, Outcome outcome) override {
    return failed(name, outcome, false);
  }

 private:
  bool failed(const char* name, Outcome outcome, bool at_target) {
    counts_->fail(item_, path(name), outcome.error, outcome.call, at_target);
    return !control_.aborted();
  }

  enum class Kind { kNothing, kDirectory, kFile, kLink };
  struct Sent {
    Kind kind;
    uint64_t bytes;
    std::string path;
  };

  void copy(const TransferItem& item) {
    UniqueFd entry(open(item.from.c_str(), O_PATH | O_CLOEXEC | (item.follow ? 0 : O_NOFOLLOW)));
    if (!entry) return counts_->fail(item_, "", errno, "open", false);
    settle(0);
    packer_.clear();
    packer_.u32(kTarget);
    packer_.text(item.to);
    const Outcome aimed = session_.ask(packer_.packed());
    packer_.clear();
    if (!aimed.ok()) return counts_->fail(item_, "", aimed.error, aimed.call, true);
    source_.send(std::move(entry), "");
    path_.clear();
    flush();
  }

  // The container's ids for the host's.
  Metadata translated(const Metadata& data) const {
    Metadata inside = data;
    inside.uid = owners_ != Owners::kNone ? session_.users().inside(data.uid) : 0;
    inside.gid = owners_ != Owners::kNone ? session_.groups().inside(data.gid) : 0;
    return inside;
  }

  std::string path(const char* name = "") const {
    std::string joined;
    // The first is the item itself.
    for (size_t i = 1; i < path_.size(); ++i) joined += (joined.empty() ? "" : "/") + path_[i];
    if (*name) joined += (joined.empty() ? "" : "/") + std::string(name);
    return joined;
  }

  void begin(Record record, std::string path, Kind kind, uint64_t bytes = 0) {
    if (packer_.size() == 0) packer_.u32(kRecords);
    packer_.u32(record);
    sent_.push_back({kind, bytes, std::move(path)});
  }

  bool end() {
    if (packer_.size() >= kFull) flush();
    return !control_.aborted();
  }

  void flush() {
    if (packer_.size() == 0) return;
    settle(kMaxInFlight - 1);
    session_.send(packer_.packed());
    packer_.clear();
    in_flight_.push_back({item_, std::move(sent_)});
    sent_.clear();
  }

  // Takes results until no more than so many are missing.
  void settle(size_t missing) {
    while (in_flight_.size() > missing) {
      WireReader results = session_.receive(kResults);
      auto& [item, records] = in_flight_.front();
      while (!results.finished()) {
        const uint32_t place = results.u32();
        const auto error = static_cast<int>(results.u32());
        const char* call = results.text();
        if (!results.ok() || place >= records.size()) throw AgentGone{};
        records[place].kind = Kind::kNothing;
        // ECANCELED: lies in a directory that could not be made.
        if (error != ECANCELED) counts_->fail(item, std::move(records[place].path), error, call, true);
      }
      for (const auto& record : records) count(record.kind, record.bytes);
      in_flight_.pop_front();
    }
  }

  void count(Kind kind, uint64_t bytes) {
    if (kind == Kind::kNothing) return;
    counts_->directories += kind == Kind::kDirectory;
    counts_->links += kind == Kind::kLink;
    counts_->files += kind == Kind::kFile;
    counts_->bytes += bytes;
    control_.add_entry();
    control_.add_bytes(bytes);
  }

  bool large(const char* name, const Metadata& data, Attributes attributes, int fd) {
    flush();
    settle(0);
    packer_.u32(kOpen);
    packer_.text(name);
    Outcome outcome = session_.ask(packer_.packed());
    packer_.clear();
    if (outcome.error == ECANCELED) return !control_.aborted();
    const UniqueFd to = session_.take_descriptor();
    if (outcome.ok() && !is_regular_file(to.get())) throw AgentGone{};
    if (outcome.ok()) {
      outcome = copy_contents(fd, to.get(), data.size, control_);
      if (outcome.ok()) {
        packer_.u32(kCommit);
        packer_.metadata(translated(data));
        packer_.bytes(attributes);
        outcome = session_.ask(packer_.packed());
      } else {
        packer_.u32(kDiscard);
        session_.ask(packer_.packed());
      }
      packer_.clear();
    }
    if (control_.aborted()) return false;
    if (!outcome.ok()) return failed(name, outcome, strcmp(outcome.call, "read") != 0);
    ++counts_->files;
    counts_->bytes += data.size;
    control_.add_entry();
    return true;
  }

  TransferSession session_;
  TreeSource source_;
  Owners owners_;
  const TransferControl& control_;
  TransferCounts* counts_ = nullptr;
  uint32_t item_ = 0;
  std::vector<std::string> path_;
  std::vector<Sent> sent_;
  struct Flight {
    uint32_t item;
    std::vector<Sent> records;
  };
  std::deque<Flight> in_flight_;
  Packer packer_;
  std::unique_ptr<uint8_t[]> content_ = std::make_unique<uint8_t[]>(kMaxInlineFile);
};

}  // namespace

TransferCounts upload_trees(int socket, const std::vector<TransferItem>& items, Owners owners,
                            const TransferControl& control) {
  const UniqueFd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!proc) fail("upload", "open", "/proc");
  TransferCounts counts;
  try {
    auto upload = std::make_unique<Upload>(socket, proc.get(), owners, control);
    upload->run(items, counts);
  } catch (const AgentGone&) {
    counts.ended = "gone";
  }
  if (control.aborted()) counts.ended = "aborted";
  return counts;
}

}  // namespace containerv
