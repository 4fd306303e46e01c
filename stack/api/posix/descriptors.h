// The descriptor table: small numbers to files, the lowest free one first. POSIX open(2).
#pragma once

#include <set>
#include <vector>

#include <anteroom/posix_types.h>

#include "stack/api/posix/errors.h"
#include "stack/api/posix/socket.h"

namespace anteroom::posix {

class Descriptors {
 public:
  explicit Descriptors(const PosixOptions& options) : options_(options) {}

  // The file of a descriptor, or none.
  FileRef find(int fd) const;
  bool is_full() const;
  std::size_t limit() const { return static_cast<std::size_t>(options_.descriptors_max); }
  // The lowest free descriptor from `lowest` on; -EMFILE, or -EINVAL where `lowest` is beyond the
  // table.
  Answer insert(const FileRef& file, int lowest, bool close_on_exec);
  // Puts `file` at `fd`, which must be free. -EBADF where it is outside the table.
  Answer insert_at(const FileRef& file, int fd, bool close_on_exec);
  // Frees a descriptor and hands back what it referred to.
  FileRef remove(int fd);
  // FD_CLOEXEC, kept for F_GETFD: nothing of ours survives exec() anyway.
  bool close_on_exec(int fd) const { return entries_[slot_of(fd)].close_on_exec; }
  void set_close_on_exec(int fd, bool on) { entries_[slot_of(fd)].close_on_exec = on; }
  // Every descriptor in use, ascending.
  std::vector<int> all() const;

 private:
  struct Entry {
    FileRef file;
    bool close_on_exec = false;
  };

  std::size_t slot_of(int fd) const {
    return static_cast<std::size_t>(fd - options_.descriptor_base);
  }
  bool is_inside(int fd) const {
    return fd >= options_.descriptor_base &&
           fd - options_.descriptor_base < options_.descriptors_max;
  }

  PosixOptions options_;
  std::vector<Entry> entries_;
  std::set<int> free_;  // among the entries made so far
};

}  // namespace anteroom::posix
