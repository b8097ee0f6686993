#include "download.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "../../common/transfer/tree_target.h"
#include "../sys_error.h"
#include "copy_contents.h"

namespace containerv {
namespace {

using namespace transfer;

struct Target {
  UniqueFd parent;
  UniqueFd existing;
  std::string name;
};

class Download {
 public:
  Download(int socket, int proc, Owners owners, const TransferControl& control)
      : target_({proc, 0777, owners != Owners::kNone, false}), session_(socket, owners), control_(control) {}

  // @throws AgentGone
  void run(const std::vector<TransferItem>& items, TransferCounts& counts) {
    counts_ = &counts;
    // All of them first: what an earlier tree brings, a link for instance, leads no later one anywhere.
    std::vector<Target> targets;
    targets.reserve(items.size());
    for (const auto& item : items) targets.push_back(find(item.to));
    for (item_ = 0; item_ < items.size() && !control_.aborted(); ++item_) {
      Target& target = targets[item_];
      if (!target.parent) continue;
      target_.start(std::move(target.parent), target.name.c_str(), std::move(target.existing));
      path_.clear();
      packer_.clear();
      packer_.u32(kSource);
      packer_.text(items[item_].from);
      packer_.u32(items[item_].follow);
      session_.send(packer_.packed());
      take_tree();
    }
  }

 private:
  Target find(const std::string& path) {
    Target target;
    const std::filesystem::path full(path);
    std::error_code ignored;  // opening tells
    std::filesystem::create_directories(full.parent_path(), ignored);
    target.name = full.filename();
    target.parent.reset(open(full.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!target.parent) counts_->fail(item_, "", errno, "open", true);
    target.existing.reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ++item_;
    return target;
  }

  void take_tree() {
    for (;;) {
      if (control_.aborted()) throw AgentGone{};
      WireReader reader({});
      switch (session_.receive_any(reader)) {
        case kRecords:
          while (!reader.finished()) take_record(reader);
          break;
        case kFile: take_file(reader); break;
        case kEnd:
          if (target_.depth() != 0 || target_.skipping()) throw AgentGone{};
          return;
        default: throw AgentGone{};
      }
    }
  }

  static void check(const WireReader& reader) {
    if (!reader.ok()) throw AgentGone{};
  }

  Metadata metadata(WireReader& reader) const {
    Metadata data = read_metadata(reader);
    data.uid = session_.users().outside(data.uid, geteuid());
    data.gid = session_.groups().outside(data.gid, getegid());
    return data;
  }

  void take_record(WireReader& reader) {
    switch (reader.u32()) {
      case kEnter: {
        const char* name = reader.text();
        metadata(reader);
        check(reader);
        path_.emplace_back(name);
        return judge("", target_.enter(name), &counts_->directories);
      }
      case kLeave: {
        const Metadata data = metadata(reader);
        const auto attributes = reader.bytes();
        check(reader);
        judge("", target_.leave(data, attributes), nullptr);
        if (!path_.empty()) path_.pop_back();
        return;
      }
      case kSmall: {
        const char* name = reader.text();
        const Metadata data = metadata(reader);
        const auto attributes = reader.bytes();
        const auto content = reader.bytes();
        check(reader);
        const Outcome outcome = target_.small(name, data, attributes, content);
        judge(name, outcome, &counts_->files);
        if (!outcome.ok()) return;
        counts_->bytes += content.size();
        return control_.add_bytes(content.size());
      }
      case kLink: {
        const char* name = reader.text();
        const Metadata data = metadata(reader);
        const char* to = reader.text();
        check(reader);
        return judge(name, target_.link(name, data, to), &counts_->links);
      }
      case kFailed: {
        const char* name = reader.text();
        const auto error = static_cast<int>(reader.u32());
        const char* call = reader.text();
        check(reader);
        return counts_->fail(item_, path(name), error, call, false);
      }
      default: throw AgentGone{};
    }
  }

  void take_file(WireReader& reader) {
    const char* name = reader.text();
    const Metadata data = metadata(reader);
    const auto attributes = reader.bytes();
    const UniqueFd from = session_.take_descriptor();
    if (!reader.finished() || !is_regular_file(from.get())) throw AgentGone{};
    Outcome outcome = target_.open(name);
    if (outcome.ok()) {
      outcome = copy_contents(from.get(), target_.opened(), data.size, control_);
      if (outcome.ok())
        outcome = target_.commit(data, attributes);
      else
        target_.discard();
    }
    if (control_.aborted()) throw AgentGone{};
    judge(name, outcome, &counts_->files);
    if (outcome.ok()) counts_->bytes += data.size;
  }

  // ECANCELED: lies in a directory that could not be made, which was told.
  void judge(const char* name, Outcome outcome, uint64_t* counter) {
    if (outcome.ok()) {
      if (!counter) return;
      ++*counter;
      control_.add_entry();
    } else if (outcome.error != ECANCELED) {
      counts_->fail(item_, path(name), outcome.error, outcome.call, strcmp(outcome.call, "read") != 0);
    }
  }

  std::string path(const char* name) const {
    std::string joined;
    // The first is the item itself.
    for (size_t i = 1; i < path_.size(); ++i) joined += (joined.empty() ? "" : "/") + path_[i];
    if (*name) joined += (joined.empty() ? "" : "/") + std::string(name);
    return joined;
  }

  TreeTarget target_;
  TransferSession session_;
  const TransferControl& control_;
  TransferCounts* counts_ = nullptr;
  uint32_t item_ = 0;
  std::vector<std::string> path_;
  Packer packer_;
};

}  // namespace

TransferCounts download_trees(int socket, const std::vector<TransferItem>& items, Owners owners,
                              const TransferControl& control) {
  const UniqueFd proc(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!proc) fail("download", "open", "/proc");
  TransferCounts counts;
  try {
    auto download = std::make_unique<Download>(socket, proc.get(), owners, control);
    download->run(items, counts);
  } catch (const AgentGone&) {
    counts.ended = "gone";
  }
  if (control.aborted()) counts.ended = "aborted";
  return counts;
}

}  // namespace containerv
