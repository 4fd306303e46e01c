// Sequence space: SYN, then the queue, then FIN.
#include "stack/tcp/sender.h"

#include <algorithm>

namespace anteroom {

std::uint32_t Sender::append(Bytes data, std::uint32_t capacity, BufferPool& pool) {
  const std::uint32_t room = capacity > queue_.size() ? capacity - queue_.size() : 0;
  const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(data.size(), room));
  return queue_.append(data.first(taken), Reserve::keep, pool) ? taken : 0;
}

std::uint32_t Sender::window_room() const {
  const std::uint32_t used = nxt_.since(una_);
  return window_ > used ? window_ - used : 0;
}

std::uint32_t Sender::next_data_bytes(const SendAllowance& allowance) const {
  const std::uint32_t unsent = unsent_bytes();
  const std::uint32_t usable = std::min({unsent, window_room(), allowance.congestion_bytes});
  if (usable == 0) return 0;
  if (usable >= allowance.mss) return allowance.mss;
  // RFC 9293 3.8.6.2.1: (2) all that is queued goes, unless Nagle holds it; (3) half of the largest
  // window ever seen goes; (4) the override time-out has expired.
  const bool all = usable == unsent;
  // A FIN behind the data ends the wait for more of it.
  if (all && fin_queued_) return usable;
  if (all && !allowance.corked && (allowance.idle || allowance.no_delay)) return usable;
  if (!all && allowance.idle && usable >= window_max_ / 2) return usable;
  return allowance.override ? usable : 0;
}

bool Sender::is_congestion_limited(std::uint32_t congestion_bytes) const {
  return unsent_bytes() > congestion_bytes && window_room() > congestion_bytes;
}

void Sender::on_sent(std::uint32_t bytes, bool fin) {
  nxt_ = nxt_ + bytes + (fin ? 1 : 0);
  if (fin) fin_sent_ = true;
  max_ = later_of(max_, nxt_);
}

void Sender::on_syn_sent(std::uint32_t payload_bytes) {
  nxt_ = later_of(nxt_, una_ + 1 + payload_bytes);
  max_ = later_of(max_, nxt_);
}

std::uint32_t Sender::on_ack(Seq ack, BufferPool& pool) {
  const Seq data_end = queue_seq_ + queue_.size();
  const Seq acked_to = ack.after(data_end) ? data_end : ack;
  const std::uint32_t dropped = acked_to.after(queue_seq_) ? acked_to.since(queue_seq_) : 0;
  if (dropped != 0) {
    queue_.drop_front(dropped, pool);
    queue_seq_ = queue_seq_ + dropped;
  }
  una_ = ack;
  nxt_ = later_of(nxt_, ack);  // the byte of a probe was taken
  if (has_urgent_ && una_.at_or_after(urgent_)) has_urgent_ = false;
  return dropped;
}

bool Sender::update_window(Seq seq, Seq ack, std::uint32_t window) {
  if (!(wl1_.before(seq) || (wl1_ == seq && wl2_.at_or_before(ack)))) return false;
  const bool changed = window_ != window;
  window_ = window;
  window_max_ = std::max(window_max_, window);
  wl1_ = seq;
  wl2_ = ack;
  return changed;
}

std::uint16_t Sender::urgent_pointer(Seq seq) const {
  if (!has_urgent_ || !urgent_.after(seq)) return 0;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(urgent_.since(seq), UINT16_MAX));
}

}  // namespace anteroom
