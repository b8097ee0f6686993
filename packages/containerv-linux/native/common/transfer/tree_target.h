#pragma once

#include "../unique_fd.h"
#include "entry.h"

namespace containerv::transfer {

// Writes a tree below a directory that others may change meanwhile. Every name is one component, made or opened in
// the directory that holds it without following links, so nothing is ever written elsewhere. What was there: a
// directory stays as it is and is written into; a file or link is replaced by a whole one at once.
class TreeTarget {
 public:
  struct Settings {
    int proc;            // a procfs that shows this process
    uint32_t mode_mask;  // of the bits that a copy keeps
    bool owners;         // whether copies are given to the owners of their originals
    bool no_umask;       // whether this process has none: then what is made has the mode that it is made with
  };

  explicit TreeTarget(Settings settings);

  // The next tree is to be `name` in `parent`; `existing` is the directory that it names already, if it does.
  void start(UniqueFd parent, const char* name, UniqueFd existing);

  Outcome enter(const char* name);
  // Between a directory that could not be entered and its end, nothing is done, and the outcome is ECANCELED.
  Outcome leave(const Metadata& data, Attributes attributes);
  Outcome small(const char* name, const Metadata& data, Attributes attributes, std::span<const uint8_t> content);
  Outcome link(const char* name, const Metadata& data, const char* target);

  // A file that the caller writes: nobody sees it until it is committed, and where the file system has O_TMPFILE
  // nothing of it is left whatever happens.
  Outcome open(const char* name);
  [[nodiscard]] int opened() const { return large_.fd.get(); }
  Outcome commit(const Metadata& data, Attributes attributes);
  void discard();

  // Whether what comes now lies in a directory that could not be entered.
  [[nodiscard]] bool skipping() const { return skipped_ > 0; }
  [[nodiscard]] int depth() const { return depth_; }

 private:
  struct Level {
    UniqueFd fd;
    bool made = false;
    bool plain = false;  // what is made in it is ours, with the mode that we give it
  };
  struct Large {
    UniqueFd fd;
    char name[256];
    char staged[64];  // empty: it has no name yet
  };

  [[nodiscard]] int here() const { return depth_ == 0 ? parent_.get() : levels_[depth_ - 1].fd.get(); }
  // The name that is meant: at the top, the target's.
  const char* actual(const char* name) const { return depth_ == 0 ? name_ : name; }
  Outcome check(const char* name) const;
  // Whether a new file needs neither another owner nor, unless the umask takes some of it, another mode than it is made
  // with.
  [[nodiscard]] bool born_right(const Metadata& data) const;
  Outcome describe(int fd, const Metadata& data, Attributes attributes, bool born_right = false);
  Outcome replace(const char* staged, const char* name);
  void stage(char (&staged)[64]);

  Settings settings_;
  uid_t user_;
  gid_t group_;
  UniqueFd parent_;
  UniqueFd existing_;
  char name_[256] = {};
  Level levels_[kMaxDepth];
  int depth_ = 0;
  unsigned skipped_ = 0;
  uint64_t staged_ = 0;
  Large large_;
};

}  // namespace containerv::transfer
