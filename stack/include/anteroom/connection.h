// What an owner can ask about a request and a connection.
#pragma once

#include <cstdint>
#include <optional>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/config.h>
#include <anteroom/id.h>
#include <anteroom/time.h>

namespace anteroom {

// RFC 9293 3.3.2.
enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

const char* to_string(State state);

// How congestion marks are fed back.
enum class EcnMode : std::uint8_t {
  none,
  classic,   // RFC 3168
  accurate,  // RFC 9768
};

// What loss recovery is doing.
enum class RecoveryPhase : std::uint8_t {
  open,      // nothing is amiss
  disorder,  // something arrived out of order; nothing is taken for lost yet
  recovery,  // a loss is being repaired, RFC 5681 3.2, RFC 8985
  loss,      // after a retransmission time-out
};

// The options of a SYN, as received. RFC 9293 3.2, RFC 7323, RFC 2018, RFC 7413.
struct SynOptions {
  std::uint16_t mss = 536;  // RFC 9293 3.7.1 [MUST-15]: 536 where the option is absent
  bool has_mss = false;
  std::optional<std::uint8_t> window_scale;  // at most 14
  bool sack_permitted = false;
  bool has_timestamp = false;
  std::uint32_t timestamp_value = 0;
  bool fast_open = false;  // the option was there, with or without a cookie
};

// A SYN that waits for a verdict, as the condition function sees it.
struct Request {
  PendingId id{};
  ListenerId listener{};
  Flow flow{};                       // local and remote endpoint
  Bytes caller_data{};               // valid until the next verb or receive() on the stack
  bool caller_data_changed = false;  // a repeat brought other bytes; the first copy is shown
  // The client is where it says it is: a Fast Open cookie, or the handshake, has shown it.
  bool address_validated = false;
  bool handshake_complete = false;  // handshake_first, or the answer to a challenge
  bool marked = false;              // caller and response data are outside the stream
  // Its IP and TCP headers with options, as received, where ListenOptions::save_syn; empty where it
  // came in fragments. Valid as caller_data.
  Bytes raw_syn{};
  SynOptions options{};
  std::uint32_t initial_sequence = 0;
  std::uint16_t window_bytes = 0;  // never scaled in a SYN
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint8_t hop_limit = 0;
  Instant arrived_at{};
  Duration waited{};
  std::uint32_t repeats = 0;  // SYNs after the first
  std::uint32_t deferrals = 0;
  // The hold clock: when the client is taken to have given up; the request expires then. One whose
  // handshake is complete does not.
  Instant gives_up_at{};
  // The most response data that accept() takes without `overflow_to_stream`, in bytes.
  std::uint32_t response_bytes_max = 0;
};

struct ConnectionInfo {
  State state = State::closed;
  Flow flow{};
  ListenerId listener{};                      // set where a listener made it
  std::uint32_t caller_data_taken_bytes = 0;  // of ours, acknowledged by the SYN-ACK
  // Data of the SYN counted before the handshake was complete, under RFC 7413.
  bool fast_open = false;
  bool marked = false;                    // connect data is outside the stream, at both ends
  std::uint32_t response_data_bytes = 0;  // in the SYN-ACK received: the first bytes of the stream
  std::uint16_t send_mss = 0;             // payload bytes of one segment, options deducted
  std::uint16_t receive_mss = 0;          // announced to the peer
  std::uint32_t send_window_bytes = 0;
  std::uint32_t receive_window_bytes = 0;
  std::uint32_t receive_buffer_bytes = 0;  // what the window may grow to now
  CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
  std::uint32_t congestion_window_bytes = 0;
  std::uint32_t slow_start_threshold_bytes = 0;
  Duration smoothed_rtt{};
  Duration rtt_variance{};
  Duration retransmission_timeout{};
  std::uint32_t unacknowledged_bytes = 0;
  std::uint32_t send_queued_bytes = 0;     // unacknowledged ones included
  std::uint32_t receive_queued_bytes = 0;  // in order, readable now
  Duration rtt_minimum{};
  std::uint32_t segments_retransmitted = 0;  // ever, as the next
  std::uint32_t segments_delivered = 0;      // acknowledged, selectively or not
  std::uint32_t segments_in_flight = 0;      // now, those below included
  std::uint32_t segments_sacked = 0;
  std::uint32_t segments_lost = 0;  // taken for lost, and nothing heard of since
  RecoveryPhase recovery = RecoveryPhase::open;
  std::uint8_t retries = 0;            // time-outs, or probes, of what waits now
  std::uint8_t unanswered_probes = 0;  // of a closed window
  bool reordering_seen = false;        // by this connection's own segments, RFC 8985 6.2
  std::uint64_t bytes_sent = 0;        // acknowledged by the peer
  std::uint64_t bytes_received = 0;    // in order
  bool timestamps = false;
  bool sack = false;
  bool window_scale = false;
  std::uint8_t send_scale = 0;     // RFC 7323 2: shift of the windows that we get
  std::uint8_t receive_scale = 0;  // and of those that we announce
  EcnMode ecn = EcnMode::none;
  std::uint32_t segments_marked = 0;  // of ours, with congestion experienced: RFC 9768 feeds back
  std::uint32_t bytes_marked = 0;     // and the bytes in them, where its option came
  bool urgent_ahead = false;          // unread urgent data
  std::uint32_t urgent_offset_bytes = 0;  // from the next byte to read to the urgent one
};

}  // namespace anteroom
