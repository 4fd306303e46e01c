// Two rings of frames, crossed.
#include <algorithm>

#include <anteroom/tap/memory_link.h>

namespace anteroom::tap {

MemoryLink::Queue::Queue(const MemoryLinkOptions& options)
    : bytes_(options.frames_max * options.frame_bytes_max),
      lengths_(options.frames_max),
      frame_bytes_max_(options.frame_bytes_max) {}

bool MemoryLink::Queue::push(Bytes frame) {
  if (used_ == lengths_.size() || frame.size() > frame_bytes_max_ || frame.empty()) return false;
  std::size_t slot = head_ + used_;
  if (slot >= lengths_.size()) slot -= lengths_.size();
  std::copy(frame.begin(), frame.end(), bytes_.data() + slot * frame_bytes_max_);
  lengths_[slot] = frame.size();
  ++used_;
  return true;
}

std::size_t MemoryLink::Queue::pop(MutableBytes out) {
  while (used_ > 0) {
    const std::size_t slot = head_;
    head_ = head_ + 1 == lengths_.size() ? 0 : head_ + 1;
    --used_;
    if (lengths_[slot] > out.size()) continue;
    std::copy_n(bytes_.data() + slot * frame_bytes_max_, lengths_[slot], out.begin());
    return lengths_[slot];
  }
  return 0;
}

std::size_t MemoryLink::End::receive(Instant, MutableBytes out) { return in_.pop(out); }

bool MemoryLink::End::send(Instant, Bytes frame) {
  if (out_.push(frame)) return true;
  ++lost_;
  return false;
}

// There is no descriptor that could wake a sleeper: a frame that waits is due at once.
std::optional<Instant> MemoryLink::End::next_deadline() const {
  if (in_.is_empty()) return std::nullopt;
  return Instant::min();
}

MemoryLink::MemoryLink(const MemoryLinkOptions& options)
    : to_first_(options),
      to_second_(options),
      first_(options.medium, to_first_, to_second_),
      second_(options.medium, to_second_, to_first_) {}

}  // namespace anteroom::tap
