// Explicit congestion notification of one connection: what both ends agreed on, what is echoed of
// the marks received, and what the peer echoes. RFC 3168 (classic) and RFC 9768 (accurate). Not
// here: what follows from a mark (recovery.cc), the IP header's field as such (wire/ip.h), where
// the option stands in a header (wire/tcp_options.cc).
#pragma once

#include <anteroom/config.h>
#include <anteroom/connection.h>

#include "stack/tcp/segment.h"

namespace anteroom {

// The IP header's ECN field, RFC 3168 5.
inline constexpr std::uint8_t kNotEct = 0;
inline constexpr std::uint8_t kEct1 = 1;
inline constexpr std::uint8_t kEct0 = 2;
inline constexpr std::uint8_t kCongestionExperienced = 3;

// What a connection that opens asks for.
constexpr EcnMode ecn_mode_of(EcnUse use) {
  if (use == EcnUse::accurate) return EcnMode::accurate;
  return use == EcnUse::classic ? EcnMode::classic : EcnMode::none;
}

// What the flags of a SYN ask for, and the flags that ask for it: RFC 3168 6.1.1, RFC 9768 3.1.1.
EcnMode ecn_asked_by(std::uint16_t syn_flags);
std::uint16_t ecn_request_flags(EcnMode mode);
// What the flags of a SYN-ACK answer to a SYN that asked for `asked`.
EcnMode ecn_answered_by(EcnMode asked, std::uint16_t syn_ack_flags);

// What an acknowledgment newly delivers.
struct DeliveredWith {
  std::uint32_t segments = 0;
  bool any = false;  // or acknowledges something at least
};

class Ecn {
 public:
  EcnMode mode() const { return mode_; }

  // The SYN asks for it.
  void ask(EcnMode mode) { mode_ = mode; }
  // Both ends agree. `ip_ecn`: of the SYN (at the server) or SYN-ACK (at the client) that said so.
  void on_agreed(EcnMode mode, std::uint8_t ip_ecn, const TcpConfig& tcp);
  // At the server: the SYN came again, RFC 9768 3.1.5.
  void on_syn_again(const Segment& syn);
  // At the client: its last acknowledgment of the handshake is owed again.
  void on_syn_ack_again() { tells_handshake_ = mode_ == EcnMode::accurate; }
  // At the server: the acknowledgment of its SYN-ACK, RFC 9768 3.2.2.1.
  void on_handshake_ack(const Segment& segment);

  // --- As the receiver ---
  // A segment in the window. True where the peer must hear of it at once.
  bool on_segment(const Segment& segment, const TcpConfig& tcp);
  // The peer shows the option, so that the path lets it pass.
  void note_option(const TcpOptions& options) {
    if (options.acc_ecn.kind != 0) option_seen_ = true;
  }
  // A segment came again although its acknowledgment, with the option, has gone: RFC
  // 9768 3.2.3.2.2.
  void on_duplicate();

  // --- As the sender ---
  // True where the acknowledgment tells of marks.
  bool on_ack(const Segment& segment, const DeliveredWith& delivered);
  // The window was reduced, RFC 3168 6.1.2: the next new data says so.
  void on_reduced() { owes_reduced_ = mode_ == EcnMode::classic; }
  // What the peer has told so far: segments and bytes that arrived with a mark.
  std::uint32_t delivered_ce() const { return peer_ce_packets_ - kInitialPackets; }
  std::uint32_t delivered_ce_bytes() const { return peer_ce_bytes_; }

  // --- On what we send ---
  // Flags and option of the SYN-ACK at the server; `before`: how often it was sent.
  void mark_syn_ack(OutgoingSegment& segment, std::uint8_t before, const TcpConfig& tcp) const;
  // Completes a segment after the handshake, when its other options are there; `new_data`: it
  // brings bytes never sent before.
  void mark(OutgoingSegment& segment, bool new_data, const TcpConfig& tcp);
  // Bytes of options that every segment carries.
  std::uint32_t usual_bytes() const { return shows_always() ? 12 : 0; }

 private:
  static constexpr std::uint8_t kInitialPackets = 5;  // RFC 9768 3.2.1

  bool shows_always() const { return always_ && option_seen_ && !option_fails_; }
  // The counters, as they stand.
  AccEcnOption counters(const TcpConfig& tcp) const;
  void show_counters(OutgoingSegment& segment, const TcpConfig& tcp);
  void note_counter(std::uint8_t place);

  EcnMode mode_ : 2 = EcnMode::none;
  std::uint8_t handshake_ : 3 = 0;                 // the encoded field of the SYN or SYN-ACK
  bool tells_handshake_ : 1 = false;               // the next pure ACK carries it
  bool echoes_ : 1 = false;                        // classic: a mark that the peer has not answered
  bool owes_reduced_ : 1 = false;                  // classic: CWR
  bool silent_ : 1 = false;                        // never set ECT: the path or the peer mangles it
  bool option_seen_ : 1 = false;                   // from the peer
  bool option_fails_ : 1 = false;                  // ours does not get through
  bool shown_to_duplicate_ : 1 = false;            // our latest is on an answer to a duplicate
  std::uint8_t needed_ : 2 = 0;                    // counters that have news, from the first on
  std::uint8_t shows_ : 2 = 0;                     // pure ACKs that shall carry the option
  bool always_ : 1 = false;                        // EcnOptionUse
  std::uint8_t ce_packets_ : 3 = kInitialPackets;  // r.cep, modulo 8
  std::uint32_t peer_ce_packets_ = kInitialPackets;  // s.cep
  std::uint32_t ect0_bytes_ = 1;                     // r.e0b, r.ceb, r.e1b, modulo 2^24
  std::uint32_t ce_bytes_ = 0;
  std::uint32_t ect1_bytes_ = 1;
  std::uint32_t peer_ce_bytes_ = 0;  // s.ceb
};

}  // namespace anteroom
