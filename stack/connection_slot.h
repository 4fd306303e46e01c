// A connection as the stack holds it: with its places in the stack's lists, and what its owner and
// its listener have to do with it. Not here: TCP (tcp/connection.h), what moves the lists
// (settle.cc).
#pragma once

#include <anteroom/options.h>

#include "stack/accept/fast_open.h"
#include "stack/base/deadline_queue.h"
#include "stack/base/slab.h"
#include "stack/tcp/connection.h"

namespace anteroom {

inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

// How far two ends have come about marked connect data: conditional-accept 3.
enum class Marking : std::uint8_t {
  none,
  asked,      // our SYN does
  agreed,     // the SYN-ACK says how long the response data is
  in_stream,  // the first two bytes of the stream say that, or will
};

// Apart from the flags beside it: a store of one is not to hold up a load of the other.
struct ConnectData {
  static constexpr std::uint16_t kBytesMask = 0xfff;

  Marking marking : 2 = Marking::none;
  bool required : 1 = false;     // ConnectOptions::require_marked
  std::uint16_t bytes : 12 = 0;  // the peer's, in front of the stream; nobody took them yet
};

// A connection and its places in the stack's lists.
struct ConnectionSlot {
  ConnectionSlot(const Birth& birth, const TcpContext& ctx) : tcp(birth, ctx) {}

  // RFC 6437 3: the same for all packets of a flow, and not to be guessed by others.
  std::uint32_t flow_label() const { return flow_tag >> 12; }

  Connection tcp;
  ListenerId listener{};       // set where a listener made it
  std::uint32_t flow_tag = 0;  // low half of the flow's hash
  HeapPosition deadline = kNotQueued;
  std::uint32_t next_ready = kNoSlot;  // in the ready list, or parked at a neighbor
  std::uint32_t next_event = kNoSlot;
  std::uint32_t next_accept = kNoSlot;  // in the listener's accept queue; or its request's index
  bool listed : 1 = false;              // in the ready list or parked
  bool has_event : 1 = false;           // in the event list
  bool ordinary : 1 = false;            // its listener has no condition function
  bool half_open : 1 = false;           // counted so at its listener
  bool taken : 1 = false;               // from its accept queue
  bool announced : 1 = false;           // the owner knows the id
  bool released : 1 = false;            // the owner gave the id up
  bool told_closed : 1 = false;
  bool flow_left : 1 = false;  // its flow may belong to a later connection
  // Fast Open: in its first SYN or SYN-ACK, then none.
  FastOpenOption fast_open_option : 2 = FastOpenOption::none;
  bool fast_open_waits : 1 = false;  // its handshake will tell something: fast_open.cc
  bool fast_open : 1 = false;        // ConnectionInfo::fast_open
  bool has_request : 1 = false;      // handshake first: its owner has not decided
  ConnectData connect_data;
};

inline constexpr std::uint8_t kDscpMax = 63;  // RFC 2474 3

inline void set_dscp_of(ConnectionSlot& slot, std::uint8_t dscp) {
  Manner manner = slot.tcp.manner();
  manner.dscp = dscp & kDscpMax;
  slot.tcp.set_manner(manner);
}

static_assert(kMarkedBytesMax <= ConnectData::kBytesMask);

// An idle connection has no buffers: this and its places in the index, which is filled to between a
// quarter and a half with slots of eight bytes, are what it costs.
static_assert(Slab<ConnectionSlot, ConnectionId>::slot_bytes() + 24 <= 512);

// A first-in first-out list through the slots, by one of their links.
struct SlotList {
  std::uint32_t first = kNoSlot;
  std::uint32_t last = kNoSlot;
};

}  // namespace anteroom
