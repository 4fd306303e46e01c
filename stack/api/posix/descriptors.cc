// The table grows as far as it is used; what is free inside it is kept in order.
#include "stack/api/posix/descriptors.h"

#include <algorithm>
#include <cerrno>

namespace anteroom::posix {

FileRef Descriptors::find(int fd) const {
  if (!is_inside(fd) || slot_of(fd) >= entries_.size()) return {};
  return entries_[slot_of(fd)].file;
}

bool Descriptors::is_full() const {
  return free_.empty() && entries_.size() >= static_cast<std::size_t>(options_.descriptors_max);
}

Answer Descriptors::insert(const FileRef& file, int lowest, bool close_on_exec) {
  const int end = options_.descriptor_base + options_.descriptors_max;
  if (lowest < 0 || lowest >= end) return -EINVAL;
  const auto free = free_.lower_bound(lowest);
  const int next = options_.descriptor_base + static_cast<int>(entries_.size());
  const int fd = free != free_.end() ? *free : std::max(next, lowest);
  if (fd >= end) return -EMFILE;
  return insert_at(file, fd, close_on_exec);
}

Answer Descriptors::insert_at(const FileRef& file, int fd, bool close_on_exec) {
  if (!is_inside(fd)) return -EBADF;
  while (entries_.size() <= slot_of(fd)) {
    free_.insert(options_.descriptor_base + static_cast<int>(entries_.size()));
    entries_.emplace_back();
  }
  free_.erase(fd);
  entries_[slot_of(fd)] = {file, close_on_exec};
  ++file->descriptors;
  return fd;
}

FileRef Descriptors::remove(int fd) {
  FileRef file = find(fd);
  if (!file) return {};
  entries_[slot_of(fd)] = {};
  free_.insert(fd);
  --file->descriptors;
  return file;
}

std::vector<int> Descriptors::all() const {
  std::vector<int> used;
  for (std::size_t slot = 0; slot < entries_.size(); ++slot) {
    if (entries_[slot].file) used.push_back(options_.descriptor_base + static_cast<int>(slot));
  }
  return used;
}

}  // namespace anteroom::posix
