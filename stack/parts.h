// What a Stack is made of, and the functions behind its doors, in the files that README.md tells
// of.
#pragma once

#include <anteroom/stack.h>

#include "stack/accept/backlog.h"
#include "stack/accept/fast_open.h"
#include "stack/accept/syn_cookies.h"
#include "stack/base/rng.h"
#include "stack/connection_slot.h"
#include "stack/ip/icmp.h"
#include "stack/ip/path_mtu.h"
#include "stack/ip/reassembly.h"
#include "stack/ip/route.h"
#include "stack/link/interface.h"
#include "stack/neighbor/arp.h"
#include "stack/neighbor/cache.h"
#include "stack/neighbor/ndp.h"
#include "stack/outbox.h"
#include "stack/syn_plans.h"
#include "stack/tcp/isn.h"

namespace anteroom {

struct Stack::Parts {
  explicit Parts(const Config& chosen);
  ~Parts();

  // --- inbound.cc ---
  void receive(Instant now, Bytes frame);
  void receive_arp(Instant now, const Inbound& inbound);
  void receive_ipv4(Instant now, const Inbound& inbound);
  void receive_ipv6(Instant now, const Inbound& inbound);
  bool pass_extensions(Instant now, IpPacket& packet, bool to_group);
  void receive_fragment(Instant now, const IpPacket& packet, bool to_group);
  void deliver(Instant now, const IpPacket& packet, bool to_group, const MacAddress& from);
  void receive_icmp(Instant now, const IpPacket& packet, bool to_group, const MacAddress& from);
  void receive_ndp(Instant now, const IpPacket& packet, const IcmpMessage& message,
                   const MacAddress& from);
  void receive_icmp_error(Instant now, IcmpMeaning meaning, const IcmpMessage& message);
  void receive_udp(Instant now, const IpPacket& packet, bool to_group);

  // --- inbound_segment.cc ---
  void receive_tcp(Instant now, const IpPacket& packet, bool to_group);
  void receive_segment(Instant now, const Flow& flow, const Segment& segment);
  void receive_for_listener(Instant now, const Flow& flow, std::uint64_t hash,
                            const Segment& segment);
  void receive_for_request(Instant now, std::uint32_t request, const Flow& flow, std::uint64_t hash,
                           const Segment& segment);
  void receive_syn(Instant now, std::uint32_t listener, const Flow& flow, std::uint64_t hash,
                   const Segment& segment);
  void refuse_syn(Instant now, const Arrival& arrival, const Segment& syn, DropReason why);
  void open_ordinary(Instant now, std::uint32_t listener, const Flow& flow, std::uint64_t hash,
                     const Segment& segment);

  // --- replies.cc ---
  IpHeader answer_to(const IpHeader& header);
  void reply_icmp_error(Instant now, IcmpCause cause, const IpPacket& about, bool to_group);
  void reply_icmp_error(Instant now, const IpHeader& about, const IcmpError& error);
  void reply_reset(const Flow& flow, const Segment& segment);
  void reply_segment(const Flow& flow, const OutgoingSegment& segment);

  // --- syn_cookies.cc ---
  void answer_with_cookie(Instant now, Listener& listener, const Challenge& challenge);
  bool open_from_cookie(Instant now, std::uint32_t index, const Flow& flow, std::uint64_t hash,
                        const Segment& segment);
  // What the cookie and the timestamp remember of the SYN; nothing where the cookie is not ours.
  std::optional<PeerSyn> read_cookie(Instant now, std::uint64_t hash, const Segment& segment);

  // --- handshake_first.cc ---
  void open_handshake_first(Instant now, const Arrival& arrival, const Segment& syn);
  void add_request(Instant now, std::uint32_t connection, const Arrival& arrival,
                   const Segment& syn);
  bool settle_request(std::uint32_t index);
  void leave_request(ConnectionSlot& slot);
  void drop_request_connection(std::uint32_t index, bool reset);

  // --- connect_data.cc ---
  void write_marking(const ConnectionSlot& slot, OutgoingSegment& segment) const;
  void learn_marking(ConnectionSlot& slot, const Segment& segment);
  bool may_tell(ConnectionSlot& slot);
  void read_connect_data_length(ConnectionSlot& slot);
  bool is_connect_data_whole(const ConnectionSlot& slot) const;
  bool pass_connect_data(ConnectionSlot& slot);

  // --- fast_open.cc ---
  // Of a request to come: is its address validated, and does its SYN-ACK owe it a cookie?
  void note_fast_open(Instant now, const Segment& syn, Arrival& arrival);
  FastOpenAnswer answer_fast_open(Instant now, Listener& listener, const Flow& flow,
                                  const Segment& syn);
  Result<SynPlan> plan_syn(Instant now, const ConnectOptions& options);
  void write_fast_open(Instant now, ConnectionSlot& slot, OutgoingSegment& syn);
  void learn_fast_open(Instant now, std::uint32_t index, const Segment* segment_or_none);
  void learn_about_server(Instant now, ConnectionSlot& slot, const Segment* segment);
  void settle_fast_open(std::uint32_t index);

  // --- stack.cc ---
  void advance(Instant now);
  bool advance_one(Instant now);
  std::optional<Deadline> next_deadline() const;

  // --- outbound.cc ---
  void give_up_neighbor(Instant now, std::uint32_t neighbor);
  void resume_parked(std::uint32_t neighbor), park_reply(std::uint32_t neighbor);
  void park_flow(Instant now, std::uint32_t neighbor);
  std::uint32_t neighbor_of(Instant now, const IpAddress& destination);
  void doubt_next_hop(std::uint32_t index);
  void leave_ready_list(std::uint32_t index);
  std::size_t next_frame(Instant now, MutableBytes out);
  std::size_t next_neighbor_frame(MutableBytes out);
  std::size_t next_reply_frame(Instant now, MutableBytes out);
  std::size_t next_flow_frame(Instant now, MutableBytes out);
  std::size_t write_segment(const ConnectionSlot& from, const OutgoingSegment& segment,
                            const MacAddress& to, MutableBytes out);
  std::size_t write_arp(const ArpPacket& packet, const MacAddress& to, MutableBytes out);
  std::size_t write_ndp_query(const Neighbor& neighbor, bool direct, MutableBytes out);
  void write_link_header(const MacAddress& to, bool v4, MutableBytes out) const;

  // --- settle.cc ---
  void settle(std::uint32_t index);          // there may be something to send
  void settle_quietly(std::uint32_t index);  // there is not
  void settle_handshake(std::uint32_t index);
  void enter_accept_queue(std::uint32_t index, Listener& listener);
  void free_if_over(std::uint32_t index);
  void leave_flow(std::uint32_t index);
  void replace_time_wait(std::uint32_t index);
  void mark_ready(std::uint32_t index);
  void queue_event(std::uint32_t index);
  void ask_listener(std::uint32_t listener);
  std::optional<Event> next_event();
  bool tell_withdrawal(Event& event);
  bool tell_request(Event& event);
  bool tell_connection(Event& event);
  bool tell_conflict(Event& event);
  void withdraw(std::uint32_t request, Error why);
  void push(SlotList& list, std::uint32_t index, std::uint32_t ConnectionSlot::*link);
  std::uint32_t pop(SlotList& list, std::uint32_t ConnectionSlot::*link);

  // --- verbs.cc ---
  std::uint32_t find_connection(std::uint64_t hash, const Flow& flow) const;
  std::uint32_t find_listener(const Endpoint& local) const;
  ConnectionSlot* find_owned(ConnectionId connection);
  // The slot for a new connection, or the limit in the way. `iss`: where it was said before.
  Result<std::uint32_t> make_connection(Instant now, const Flow& flow, std::uint64_t hash,
                                        std::optional<CongestionAlgorithm> congestion,
                                        std::optional<Seq> iss = std::nullopt);
  bool evict_time_wait();
  void erase_connection(std::uint32_t index);
  Result<std::uint16_t> choose_port(const Endpoint& local, const Endpoint& remote);
  std::uint64_t hash_of(const Flow& flow) const { return flow_hash(flow_key, flow); }
  template <typename Change>
  Status change_manner(ConnectionId connection, Change change);
  // --- verdicts.cc ---
  std::uint32_t response_room(const PendingConnection& pending) const;
  void describe(Instant now, std::uint32_t index, Request& request) const;
  Result<ConnectionId> accept_held(Instant now, std::uint32_t index, const AcceptReply& reply,
                                   std::uint32_t room, Marking marking);
  Result<ConnectionId> accept_behind_length(Instant now, std::uint32_t index,
                                            const AcceptReply& reply, std::uint32_t room);
  Result<ConnectionId> accept_connected(Instant now, std::uint32_t index, const AcceptReply& reply);
  ConnectionId finish_accept(std::uint32_t connection, std::uint32_t request, std::uint8_t dscp);
  void forget_request(std::uint32_t index);
  void refuse(std::uint32_t index, bool reset);

  void drop(DropReason reason) { ++stats.drops[static_cast<std::size_t>(reason)]; }
  auto deadline_positions() {
    return [this](std::uint32_t index) -> HeapPosition& { return connections[index].deadline; };
  }

  Config config;
  Stats stats;
  HashKey flow_key;
  Rng rng;
  BufferPool pool;
  RateLimit challenges;
  RateLimit icmp_errors;
  Interface interface;
  RouteTable routes;
  NeighborCache neighbors;
  PathMtuCache path_mtu;
  Reassembly reassembly;
  Outbox outbox;
  TcpContext ctx;
  Slab<ConnectionSlot, ConnectionId> connections;
  FlatIndex flows;
  DeadlineQueue deadlines;
  Listeners listeners;
  Backlog backlog;
  FastOpenCookies fast_open_cookies;
  FastOpenServers fast_open_servers;
  SynCookies syn_cookies;
  SlotList ready;
  SlotList events;
  std::vector<std::uint32_t> asked_listeners;  // that may have something to indicate
  std::vector<IpAddress> conflicts;
  std::uint32_t clock_hand = 0;  // of evict_time_wait()
};

}  // namespace anteroom
