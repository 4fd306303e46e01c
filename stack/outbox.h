// Answers that belong to no connection, waiting to be sent: RST, ICMP, ARP. Bounded in number and
// bytes. Not here: what to answer (tcp/stateless.h, ip/icmp.h, neighbor/arp.h), the way out
// (stack.cc).
#pragma once

#include <optional>

#include <anteroom/limits.h>

#include "stack/base/slab.h"
#include "stack/base/small_pool.h"
#include "stack/wire/arp.h"
#include "stack/wire/ip.h"

namespace anteroom {

// A datagram to send, whole; the way out cuts it if it must.
struct ReplyDatagram {
  IpHeader header;
  std::uint8_t* payload = nullptr;
  std::uint32_t sent_bytes = 0;  // of the payload, in fragments that went out
  std::uint32_t next = UINT32_MAX;
};

class Outbox {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  explicit Outbox(const Limits& limits);

  // False at a limit. header.payload_bytes is set here.
  bool push(const IpHeader& header, Bytes payload);
  bool push(const ArpPacket& packet);

  std::optional<ArpPacket> next_arp();
  // The index of the first datagram, which stays until pop() or detach(); kNone where there is
  // none.
  std::uint32_t front() const { return first_; }
  std::uint32_t back() const { return last_; }
  ReplyDatagram& operator[](std::uint32_t index) { return replies_[index]; }
  void pop();
  // Takes the first datagram out, to be parked; attach() puts a parked one back at the end.
  std::uint32_t detach();
  void attach(std::uint32_t index);
  // A parked one that will never go.
  void discard(std::uint32_t index);

 private:
  Limits limits_;
  Slab<ReplyDatagram, Id<ReplyDatagram>> replies_;
  SmallPool payloads_;
  std::uint64_t bytes_ = 0;
  std::uint32_t first_ = kNone;
  std::uint32_t last_ = kNone;
  std::vector<ArpPacket> arps_;  // a ring of fixed size
  std::size_t arp_first_ = 0;
  std::size_t arp_count_ = 0;
};

}  // namespace anteroom
