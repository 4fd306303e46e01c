// A list through the slab; parked datagrams stay in the slab and count on.
#include "stack/outbox.h"

namespace anteroom {

Outbox::Outbox(const Limits& limits)
    : limits_(limits), replies_(limits.replies_max), arps_(std::min(limits.replies_max, 64u)) {}

bool Outbox::push(const IpHeader& header, Bytes payload) {
  if (replies_.full() || bytes_ + payload.size() > limits_.reply_bytes_max || payload.empty()) {
    return false;
  }
  const std::uint32_t index = replies_.emplace().index;
  ReplyDatagram& reply = replies_[index];
  reply.header = header;
  reply.header.payload_bytes = static_cast<std::uint16_t>(payload.size());
  reply.payload = payloads_.take(payload.size());
  copy_bytes({reply.payload, payload.size()}, payload);
  bytes_ += payload.size();
  attach(index);
  return true;
}

bool Outbox::push(const ArpPacket& packet) {
  if (arp_count_ == arps_.size()) return false;
  arps_[(arp_first_ + arp_count_++) % arps_.size()] = packet;
  return true;
}

std::optional<ArpPacket> Outbox::next_arp() {
  if (arp_count_ == 0) return std::nullopt;
  const ArpPacket packet = arps_[arp_first_];
  arp_first_ = (arp_first_ + 1) % arps_.size();
  --arp_count_;
  return packet;
}

std::uint32_t Outbox::detach() {
  const std::uint32_t index = first_;
  first_ = replies_[index].next;
  if (first_ == kNone) last_ = kNone;
  replies_[index].next = kNone;
  return index;
}

void Outbox::attach(std::uint32_t index) {
  replies_[index].next = kNone;
  (last_ == kNone ? first_ : replies_[last_].next) = index;
  last_ = index;
}

void Outbox::discard(std::uint32_t index) {
  const ReplyDatagram& reply = replies_[index];
  bytes_ -= reply.header.payload_bytes;
  payloads_.give_back(reply.payload, reply.header.payload_bytes);
  replies_.erase(index);
}

void Outbox::pop() { discard(detach()); }

}  // namespace anteroom
