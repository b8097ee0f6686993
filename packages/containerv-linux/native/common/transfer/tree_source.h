#pragma once

#include "../unique_fd.h"
#include "entry.h"
#include "packer.h"

namespace containerv::transfer {

// Where what a walk finds goes. False from any of these ends the walk.
class TreeSink {
 public:
  virtual bool enter(const char* name, const Metadata& data) = 0;
  virtual bool leave(const Metadata& data, Attributes attributes) = 0;
  // A regular file, open for reading. Its size may change while it is read; `data.size` of it is copied at most.
  virtual bool file(const char* name, const Metadata& data, Attributes attributes, int fd, bool sparse) = 0;
  virtual bool link(const char* name, const Metadata& data, const char* target) = 0;
  virtual bool failed(const char* name, Outcome outcome) = 0;

 protected:
  ~TreeSink() = default;
};

// Walks a tree that others may change meanwhile. Every name is opened without following links, and what it is is asked
// of the descriptor, so that nothing outside of the tree is ever read. Only what was listed as a regular file is opened
// for reading at once, without waiting for the other end of a pipe should it have become one; anything else is looked
// at first.
class TreeSource {
 public:
  // `proc` is a procfs that shows this process.
  TreeSource(int proc, TreeSink& sink) : proc_(proc), sink_(sink) {}

  // `entry` was opened with O_PATH. False when the sink ended the walk.
  bool send(UniqueFd entry, const char* name) { return send(static_cast<UniqueFd&&>(entry), name, 0); }

 private:
  bool send(UniqueFd entry, const char* name, int depth);
  bool send_entry(int directory, const char* name, unsigned char type, int depth);
  bool send_file(UniqueFd entry, const char* name);
  bool send_opened(int file, const char* name, const struct stat& about);
  bool send_link(const UniqueFd& entry, const char* name, const struct stat& about);
  bool send_directory(UniqueFd entry, const char* name, int depth);
  UniqueFd reopen(const UniqueFd& entry, int flags) const;

  int proc_;
  TreeSink& sink_;
  Packer attributes_;
};

}  // namespace containerv::transfer
