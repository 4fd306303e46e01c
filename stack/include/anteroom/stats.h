// Counters of a stack. Every frame that goes no further is counted under one DropReason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace anteroom {

// Where each is decided is told by its prefix: link, arp, ndp, ip, fragment, icmp, udp, tcp,
// request.
enum class DropReason : std::uint8_t {
  link_too_short,
  link_not_for_us,
  link_unknown_type,
  arp_malformed,
  arp_not_for_us,
  arp_spoofed,    // a group or zero link address, or a sender outside our networks
  ndp_malformed,  // RFC 4861 7.1
  ndp_not_for_us,
  ndp_spoofed,  // a group or zero link address, or somebody else with our address
  ip_too_short,
  ip_version,
  ip_header_length,
  ip_total_length,
  ip_checksum,
  ip_source_invalid,
  ip_not_for_us,
  ip_source_route,       // RFC 7126 4.3, 4.4; RFC 5095
  ip_options_malformed,  // or IPv6 extension headers
  ip_option_unknown,     // one that RFC 8200 4.2 wants refused
  ip_unknown_protocol,   // answered with ICMP protocol unreachable or parameter problem
  fragment_malformed,
  fragment_overlap,  // the whole datagram goes, RFC 5722 4 applied to both versions
  fragment_limit,
  fragment_expired,
  icmp_malformed,
  icmp_checksum,
  icmp_ignored,     // of no interest to a host
  icmp_not_ours,    // quotes no segment that we have in flight, RFC 5927 4.1
  icmp_rate_limit,  // an error we did not send
  udp_malformed,
  udp_no_port,  // answered with ICMP port unreachable
  tcp_header,
  tcp_checksum,
  tcp_options,
  tcp_group_address,      // RFC 9293 3.9.2.3 [MUST-57]
  tcp_no_connection,      // answered with RST
  tcp_reset_unmatched,    // RST for nothing we know
  tcp_listener_flags,     // neither SYN, RST nor ACK towards a listener
  tcp_out_of_window,      // RFC 9293 3.10.7.4, first check
  tcp_paws,               // RFC 7323 5
  tcp_timestamp_missing,  // RFC 7323 3.2
  tcp_reset_challenged,   // RST inside the window but not at its edge, RFC 5961 3
  tcp_syn_challenged,     // RFC 5961 4
  tcp_ack_unacceptable,   // RFC 9293 3.10.7.3 and RFC 5961 5
  tcp_ack_missing,
  tcp_no_buffer,
  tcp_out_of_order_limit,
  tcp_after_close,  // data for a connection whose owner has closed it
  tcp_connection_limit,
  tcp_syn_cookie_invalid,  // an acknowledgment while SYN cookies are out, of none of them
  accept_queue_full,
  request_duplicate,           // the same SYN again: absorbed
  request_segment_unexpected,  // FIN, data or ACK for a request that has sent nothing
  request_reset_unmatched,     // RST whose sequence number does not match the request
  request_limit,
  request_source_limit,
  request_bytes_limit,
  request_data_too_large,
  neighbor_unresolved,
  neighbor_parked_limit,
  reply_queue_full,
  route_missing,
  count_,
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::count_);

// The reason as it stands above; valid for ever.
const char* to_string(DropReason reason);

struct Stats {
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::array<std::uint64_t, kDropReasons> drops{};

  std::uint64_t arp_in = 0;        // packets heeded: answered, or learned from
  std::uint64_t ndp_in = 0;        // the same of neighbor discovery
  std::uint64_t icmp_in = 0;       // messages heeded
  std::uint64_t fragments_in = 0;  // kept, or completing a datagram

  std::uint64_t requests = 0;           // held, repeats not counted
  std::uint64_t requests_repeated = 0;  // the same SYN again
  std::uint64_t requests_accepted = 0;
  std::uint64_t requests_rejected = 0;
  std::uint64_t requests_ignored = 0;
  std::uint64_t requests_deferred = 0;  // defer() calls
  std::uint64_t requests_challenged = 0;
  std::uint64_t requests_abandoned = 0;  // and so ignored or rejected, by default
  std::uint64_t requests_withdrawn_reset = 0;
  std::uint64_t requests_withdrawn_replaced = 0;
  std::uint64_t requests_withdrawn_expired = 0;
  std::uint64_t requests_withdrawn_listener_closed = 0;
  std::uint64_t overload_resets = 0;  // SYNs refused by OverloadPolicy::reset
  std::uint64_t caller_data_bytes = 0;
  std::uint64_t response_data_bytes = 0;
  std::uint64_t response_data_resent = 0;  // the peer acknowledged the SYN alone
  std::uint64_t marked_connections = 0;    // of ours, whose server marks connect data too

  std::uint64_t fast_open_cookies_out = 0;  // given to clients
  std::uint64_t fast_open_accepted = 0;     // SYNs that a cookie, or none needed, vouched for
  std::uint64_t fast_open_refused = 0;      // their cookie was not valid, or too many are pending
  std::uint64_t fast_open_sent = 0;         // our SYNs with data under RFC 7413
  std::uint64_t fast_open_taken = 0;        // of which the server took data
  std::uint64_t fast_open_lost = 0;         // connections whose such SYN seems to be lost

  std::uint64_t syn_cookies_sent = 0;
  std::uint64_t syn_cookies_accepted = 0;  // connections made of them
  std::uint64_t syn_cookies_failed = 0;    // forged, too old, used, or no cookie at all

  std::uint64_t connections_opened = 0;  // reached ESTABLISHED
  std::uint64_t connections_closed = 0;  // ended in order
  std::uint64_t connections_failed = 0;  // ended by RST, time-out, ICMP or abort
  std::uint64_t segments_in = 0;
  std::uint64_t segments_out = 0;
  std::uint64_t segments_retransmitted = 0;
  std::uint64_t fast_retransmits = 0;  // recoveries entered
  std::uint64_t retransmit_timeouts = 0;
  std::uint64_t tail_loss_probes = 0;      // RFC 8985 7
  std::uint64_t tail_loss_repairs = 0;     // losses that only a probe told of
  std::uint64_t path_mtu_probes = 0;       // RFC 4821 7.4
  std::uint64_t path_mtu_black_holes = 0;  // RFC 4821 7.7: segments made smaller without being told
  std::uint64_t spurious_recoveries = 0;   // undone: nothing had been lost
  std::uint64_t ecn_marks_in = 0;          // segments that came with congestion experienced
  std::uint64_t ecn_reductions = 0;        // windows reduced because the peer told of marks
  std::uint64_t duplicate_acks_out = 0;
  std::uint64_t challenge_acks_out = 0;
  std::uint64_t resets_out = 0;
  std::uint64_t icmp_errors_out = 0;
  std::uint64_t echo_replies_out = 0;
  std::uint64_t datagrams_reassembled = 0;
  std::uint64_t fragments_out = 0;

  // Now, not since the start.
  std::uint32_t requests_held = 0;
  std::uint32_t connections = 0;   // every state but CLOSED, TIME-WAIT included
  std::uint64_t buffer_bytes = 0;  // taken by send and receive buffers

  std::uint64_t dropped(DropReason reason) const { return drops[static_cast<std::size_t>(reason)]; }
};

}  // namespace anteroom
