// What a stack is made from: its interface, its seed, its limits, and how its TCP behaves.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/limits.h>
#include <anteroom/time.h>

namespace anteroom {

enum class Medium : std::uint8_t {
  ethernet,  // frames carry an Ethernet header; neighbors are resolved (TAP)
  ip,        // frames are IP packets (TUN)
};

struct InterfaceConfig {
  Medium medium = Medium::ethernet;
  MacAddress mac{{0x02, 0, 0, 0, 0, 1}};
  // The largest IP packet, in bytes: 576 to 65,535 (RFC 1122 3.3.3 wants 576 at least); 1,280 at
  // least where an address is IPv6 (RFC 8200 5).
  std::uint16_t mtu = 1500;
  // Own addresses of either version, each with the length of the network it is in.
  std::vector<Prefix> addresses;
};

// Packets to `destination` go to `gateway`, or straight to the link where there is none.
struct RouteConfig {
  Prefix destination;
  std::optional<IpAddress> gateway;
};

struct KeepaliveConfig {
  Duration idle = 2h;       // RFC 9293 3.8.4 [MUST-28]: no less by default
  Duration interval = 75s;  // between unanswered probes
  std::uint32_t probes_max = 9;
};

enum class CongestionAlgorithm : std::uint8_t {
  new_reno,  // RFC 5681, RFC 6582
  cubic,     // RFC 9438, with the slow start of RFC 9406
};

// RFC 7413: data on a SYN that counts before the handshake is complete. An application must bear
// that such data may arrive twice, in two connections (RFC 7413 6.1).
enum class FastOpen : std::uint8_t {
  off,
  // The cookie of RFC 7413: asked for and given, used and checked.
  cookie,
  // Data goes and is taken without one, for networks where nobody forges addresses; cookies are
  // still used where they are there.
  cookie_less,
};

// What a connection does about explicit congestion notification.
enum class EcnUse : std::uint8_t {
  off,       // neither asks nor answers
  accept,    // answers a peer that asks, in the peer's way
  classic,   // asks for RFC 3168
  accurate,  // asks for RFC 9768, and takes RFC 3168
};

// When the byte counters of RFC 9768 3.2.3 go beside its flags.
enum class EcnOptionUse : std::uint8_t {
  off,
  on_change,  // on the first acknowledgments, and after a mark
  always,     // on every segment, once the peer has shown that it knows the option
};

// What a segment gets that is for nobody: no connection and no listener.
enum class ForNobody : std::uint8_t {
  reset,        // RFC 9293 3.10.7.1
  ignore_syns,  // silence for SYNs alone
  ignore,       // silence, so that a scan learns nothing
};

// How a SYN lays out its options; middleboxes and fingerprints know both.
enum class SynOptionOrder : std::uint8_t {
  sack_first,   // MSS, SACK permitted, timestamps, window scale; padded in front: Linux
  scale_first,  // MSS, window scale, SACK permitted, timestamps; padded at the end: FreeBSD
};

// Defaults of each new connection. Every switch turns a mechanism off for tests and peers that lack
// it.
struct TcpConfig {
  bool window_scale = true;  // RFC 7323 2
  // The shift that we announce, at most 14; else what the largest receive buffer needs.
  std::optional<std::uint8_t> window_scale_announced;
  bool timestamps = true;  // RFC 7323 3
  // Where timestamps are agreed on, a segment without is dropped (RFC 7323 3.2); false: it is
  // taken.
  bool timestamps_required = true;
  bool sack = true;  // RFC 2018
  // RFC 5961 3.2 and 4.2: what is in the window and not certainly the peer's is challenged; false:
  // it ends the connection, as it did before.
  bool challenge_resets = true;
  bool challenge_syns = true;
  // RFC 9293 3.9.2.2: port or protocol unreachable ends what is not established; false: nothing.
  bool unreachable_ends_opening = true;
  ForNobody for_nobody = ForNobody::reset;
  EcnUse ecn = EcnUse::accept;                        // RFC 3168, RFC 9768
  EcnOptionUse ecn_option = EcnOptionUse::on_change;  // RFC 9768 3.2.3
  bool ecn_option_ect1_first = false;  // true: its kind 174, which has the counter of ECT(1) first
  // true: acknowledgments, repetitions and FINs may be marked, too, where feedback is accurate (RFC
  // 8311 4.3).
  bool ecn_on_all_segments = false;
  // SYNs after the first that still ask for ECN (RFC 3168 6.1.1.1); RFC 9768 3.1.4.1 has one at
  // least.
  std::uint32_t ecn_syn_retries_max = 0;
  bool no_delay = false;                       // true: no Nagle algorithm (RFC 9293 3.7.4)
  std::optional<KeepaliveConfig> keepalive;    // RFC 9293 3.8.4 [MUST-25]: off by default
  std::uint32_t initial_window_segments = 10;  // RFC 6928
  CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
  // true: in the first slow start one acknowledgment may grow the window by all that it covers, as
  // Linux has it; RFC 9406 4.2 has 8 segments at most, unless sending is paced.
  bool unlimited_slow_start = false;
  // true: in slow start a window grows of which more than half is in use, as Linux has it; else
  // only one that holds the sender back (RFC 9438 5.8).
  bool half_used_window_grows = false;
  // true: data of a Fast Open SYN leaves room for the longest options, as Linux has it; else for
  // those that it has.
  bool fast_open_leaves_option_room = false;
  bool path_mtu_probing = true;  // RFC 4821: black holes are noticed, larger segments tried again
  bool pacing = false;           // true: a window is spread over the round trip
  Duration rto_initial = 1s;     // RFC 6298 2.1
  Duration rto_min = 200ms;      // below RFC 6298 2.4, as every kernel: notes/003
  Duration rto_slop{};           // on top of every time-out but the first of a SYN, as BSD has it
  Duration rto_max = 60s;        // RFC 6298 2.5: at least 60 s
  Duration delayed_ack = 40ms;   // RFC 9293 3.8.6.3 [MUST-40]: less than 500 ms
  // Segments at the start of a connection that are acknowledged at once, as Linux has it, so that
  // the peer's window grows: 0 to 15. It ends with our first answer.
  std::uint8_t quick_acks = 0;
  Duration msl = 30s;  // TIME-WAIT lasts twice this (RFC 9293 3.4.1)
  // RFC 5482, RFC 9293 3.8.3: how long data, or a SYN, may go unacknowledged; 0: the retries
  // decide.
  Duration user_timeout{};
  std::uint32_t syn_retries_max = 7;  // RFC 9293 3.8.3 [MUST-23]: for three minutes at least
  // Of a client's SYNs: so many come again at the same pace before it slows down, as Linux has it.
  // RFC 6298 5.5 doubles the time-out each time.
  std::uint32_t syn_linear_retries_max = 0;
  std::uint32_t syn_ack_retries_max = 5;
  std::uint32_t retries_max = 15;  // R2 of RFC 9293 3.8.3, in retransmissions
  std::uint8_t hop_limit = 64;
  SynOptionOrder syn_option_order = SynOptionOrder::sack_first;
  // true: a receive buffer is rounded up to whole segments once their size is agreed on.
  bool receive_buffer_in_segments = false;
  // true: until it is acknowledged, our FIN is on every acknowledgment again, as BSD has it.
  bool fin_on_every_ack = false;
  // true: a window opens byte by byte once a quarter of the buffer or a segment is free, and is all
  // of the buffer also where its field cannot say so, as BSD has it; false: in steps of a segment
  // or half the buffer at least (RFC 9293 3.8.6.2.2).
  bool window_exact = false;
};

struct Config {
  InterfaceConfig interface;
  std::vector<RouteConfig> routes;  // beyond the networks of the interface's own addresses
  // All randomness of the stack comes from here: 32 bytes that nobody else knows
  // (<anteroom/tap/entropy.h>), or a constant where a run must repeat itself byte for byte.
  std::array<std::uint8_t, 32> seed{};
  Limits limits;
  TcpConfig tcp;
  // Shared by the servers behind one address, so that each takes the others' Fast Open cookies:
  // they are then those of Linux under this tcp_fastopen_key, and do not expire. Else every stack
  // has its own, from its seed.
  std::optional<std::array<std::uint8_t, 16>> fast_open_key;
  // Ports that connect() may choose (RFC 6335 6), first and last.
  std::uint16_t ephemeral_port_min = 49'152;
  std::uint16_t ephemeral_port_max = 65'535;
};

}  // namespace anteroom
