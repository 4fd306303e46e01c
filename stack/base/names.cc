// Names of errors, events, timers, states and drop reasons: total switches, so that a new value
// does not compile until it has a name.
#include <anteroom/connection.h>
#include <anteroom/error.h>
#include <anteroom/event.h>
#include <anteroom/stats.h>

namespace anteroom {

const char* to_string(Error error) {
  switch (error) {
    case Error::stale_id: return "stale_id";
    case Error::withdrawn_reset: return "withdrawn_reset";
    case Error::withdrawn_replaced: return "withdrawn_replaced";
    case Error::withdrawn_expired: return "withdrawn_expired";
    case Error::withdrawn_listener_closed: return "withdrawn_listener_closed";
    case Error::too_large: return "too_large";
    case Error::would_block: return "would_block";
    case Error::limit_reached: return "limit_reached";
    case Error::no_buffer: return "no_buffer";
    case Error::address_in_use: return "address_in_use";
    case Error::address_not_ours: return "address_not_ours";
    case Error::no_route: return "no_route";
    case Error::no_port: return "no_port";
    case Error::direction_closed: return "direction_closed";
    case Error::reset_by_peer: return "reset_by_peer";
    case Error::refused: return "refused";
    case Error::timed_out: return "timed_out";
    case Error::unreachable: return "unreachable";
    case Error::aborted: return "aborted";
    case Error::not_marked: return "not_marked";
    case Error::invalid_argument: return "invalid_argument";
  }
  return "unknown";
}

const char* to_string(EventKind kind) {
  switch (kind) {
    case EventKind::connection_requested: return "connection_requested";
    case EventKind::request_withdrawn: return "request_withdrawn";
    case EventKind::accept_ready: return "accept_ready";
    case EventKind::connected: return "connected";
    case EventKind::readable: return "readable";
    case EventKind::writable: return "writable";
    case EventKind::peer_closed: return "peer_closed";
    case EventKind::urgent: return "urgent";
    case EventKind::soft_error: return "soft_error";
    case EventKind::closed: return "closed";
    case EventKind::address_conflict: return "address_conflict";
  }
  return "unknown";
}

const char* to_string(Timer timer) {
  switch (timer) {
    case Timer::none: return "none";
    case Timer::reordering: return "reordering";
    case Timer::tail_loss_probe: return "tail_loss_probe";
    case Timer::retransmit: return "retransmit";
    case Timer::persist: return "persist";
    case Timer::delayed_ack: return "delayed_ack";
    case Timer::keepalive: return "keepalive";
    case Timer::time_wait: return "time_wait";
    case Timer::fin_wait_2: return "fin_wait_2";
    case Timer::pacing: return "pacing";
    case Timer::request_expiry: return "request_expiry";
    case Timer::neighbor: return "neighbor";
    case Timer::reassembly: return "reassembly";
  }
  return "unknown";
}

const char* to_string(State state) {
  switch (state) {
    case State::closed: return "closed";
    case State::listen: return "listen";
    case State::syn_sent: return "syn_sent";
    case State::syn_received: return "syn_received";
    case State::established: return "established";
    case State::fin_wait_1: return "fin_wait_1";
    case State::fin_wait_2: return "fin_wait_2";
    case State::close_wait: return "close_wait";
    case State::closing: return "closing";
    case State::last_ack: return "last_ack";
    case State::time_wait: return "time_wait";
  }
  return "unknown";
}

const char* to_string(DropReason reason) {
  switch (reason) {
    case DropReason::link_too_short: return "link_too_short";
    case DropReason::link_not_for_us: return "link_not_for_us";
    case DropReason::link_unknown_type: return "link_unknown_type";
    case DropReason::arp_malformed: return "arp_malformed";
    case DropReason::arp_not_for_us: return "arp_not_for_us";
    case DropReason::arp_spoofed: return "arp_spoofed";
    case DropReason::ndp_malformed: return "ndp_malformed";
    case DropReason::ndp_not_for_us: return "ndp_not_for_us";
    case DropReason::ndp_spoofed: return "ndp_spoofed";
    case DropReason::ip_too_short: return "ip_too_short";
    case DropReason::ip_version: return "ip_version";
    case DropReason::ip_header_length: return "ip_header_length";
    case DropReason::ip_total_length: return "ip_total_length";
    case DropReason::ip_checksum: return "ip_checksum";
    case DropReason::ip_source_invalid: return "ip_source_invalid";
    case DropReason::ip_not_for_us: return "ip_not_for_us";
    case DropReason::ip_source_route: return "ip_source_route";
    case DropReason::ip_options_malformed: return "ip_options_malformed";
    case DropReason::ip_option_unknown: return "ip_option_unknown";
    case DropReason::ip_unknown_protocol: return "ip_unknown_protocol";
    case DropReason::fragment_malformed: return "fragment_malformed";
    case DropReason::fragment_overlap: return "fragment_overlap";
    case DropReason::fragment_limit: return "fragment_limit";
    case DropReason::fragment_expired: return "fragment_expired";
    case DropReason::icmp_malformed: return "icmp_malformed";
    case DropReason::icmp_checksum: return "icmp_checksum";
    case DropReason::icmp_ignored: return "icmp_ignored";
    case DropReason::icmp_not_ours: return "icmp_not_ours";
    case DropReason::icmp_rate_limit: return "icmp_rate_limit";
    case DropReason::udp_malformed: return "udp_malformed";
    case DropReason::udp_no_port: return "udp_no_port";
    case DropReason::tcp_header: return "tcp_header";
    case DropReason::tcp_checksum: return "tcp_checksum";
    case DropReason::tcp_options: return "tcp_options";
    case DropReason::tcp_group_address: return "tcp_group_address";
    case DropReason::tcp_no_connection: return "tcp_no_connection";
    case DropReason::tcp_reset_unmatched: return "tcp_reset_unmatched";
    case DropReason::tcp_listener_flags: return "tcp_listener_flags";
    case DropReason::tcp_out_of_window: return "tcp_out_of_window";
    case DropReason::tcp_paws: return "tcp_paws";
    case DropReason::tcp_timestamp_missing: return "tcp_timestamp_missing";
    case DropReason::tcp_reset_challenged: return "tcp_reset_challenged";
    case DropReason::tcp_syn_challenged: return "tcp_syn_challenged";
    case DropReason::tcp_ack_unacceptable: return "tcp_ack_unacceptable";
    case DropReason::tcp_ack_missing: return "tcp_ack_missing";
    case DropReason::tcp_no_buffer: return "tcp_no_buffer";
    case DropReason::tcp_out_of_order_limit: return "tcp_out_of_order_limit";
    case DropReason::tcp_after_close: return "tcp_after_close";
    case DropReason::tcp_connection_limit: return "tcp_connection_limit";
    case DropReason::tcp_syn_cookie_invalid: return "tcp_syn_cookie_invalid";
    case DropReason::accept_queue_full: return "accept_queue_full";
    case DropReason::request_duplicate: return "request_duplicate";
    case DropReason::request_segment_unexpected: return "request_segment_unexpected";
    case DropReason::request_reset_unmatched: return "request_reset_unmatched";
    case DropReason::request_limit: return "request_limit";
    case DropReason::request_source_limit: return "request_source_limit";
    case DropReason::request_bytes_limit: return "request_bytes_limit";
    case DropReason::request_data_too_large: return "request_data_too_large";
    case DropReason::neighbor_unresolved: return "neighbor_unresolved";
    case DropReason::neighbor_parked_limit: return "neighbor_parked_limit";
    case DropReason::reply_queue_full: return "reply_queue_full";
    case DropReason::route_missing: return "route_missing";
    case DropReason::count_: return "count";
  }
  return "unknown";
}

}  // namespace anteroom
