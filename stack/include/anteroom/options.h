// What a listener, an acceptance and a connection are opened with.
#pragma once

#include <cstdint>
#include <optional>

#include <anteroom/address.h>
#include <anteroom/bytes.h>
#include <anteroom/config.h>

namespace anteroom {

// Marked connect data, either way, has at most so many bytes: with its length it fits the smallest
// receive buffer.
inline constexpr std::uint16_t kMarkedBytesMax = 4'094;

enum class Deferral : std::uint8_t {
  strict,       // WSAAccept CF_DEFER: a deferred head stops every further indication
  independent,  // a deferred request steps aside, the next is indicated
  unordered,    // each is indicated as it arrives: for an owner that keeps an order of its own
};

// What a listener at a limit does with one more SYN.
enum class OverloadPolicy : std::uint8_t {
  drop,
  reset,
  // Answers with a SYN cookie and remembers nothing (RFC 4987 3.6); the connection or the request
  // is made by the acknowledgment. The MSS is rounded down; window scale, SACK and ECN need
  // timestamps.
  challenge,
};

// What a request gets that its owner lets go of without a verdict: Stack::abandon().
enum class DefaultVerdict : std::uint8_t { ignore, reject };

struct ListenOptions {
  // Port 1 to 65,535. Address may be any: IpAddress() of both versions, IpAddress::v4(0) of IPv4.
  Endpoint local{};
  bool v6_only = false;      // with IpAddress(): of IPv6 only
  bool conditional = false;  // true: each SYN is held, unanswered, until its verdict
  // Conditional: the handshake is completed first, and its end is the request. A client that is
  // rejected has seen success and is reset. Caller data is what the segment that completes the
  // handshake brings.
  bool handshake_first = false;
  Deferral deferral = Deferral::strict;
  DefaultVerdict default_verdict = DefaultVerdict::ignore;
  OverloadPolicy overload = OverloadPolicy::drop;
  bool consume_caller_data = false;  // true: caller data is not also the start of the stream
  // Conditional: a client that marks its connect data gets it marked in turn. Marked data is not in
  // the stream, at either end.
  bool marked = false;
  bool save_syn = false;              // conditional: Request::raw_syn
  std::uint32_t backlog_max = 4'096;  // requests held, or (ordinary) connections not yet taken
  // Ordinary: data behind a valid cookie is taken at once, and the connection is in the accept
  // queue before its handshake is complete. Conditional: caller data is taken anyway; a valid
  // cookie sets Request::address_validated, and a client that asks for one gets it when it is
  // accepted.
  FastOpen fast_open = FastOpen::off;
  // Ordinary: connections taken so whose handshake is not complete (RFC 7413 5.1). Beyond them a
  // cookie is as good as none.
  std::uint32_t fast_open_pending_max = 256;
  std::optional<CongestionAlgorithm> congestion{};  // of its connections; else TcpConfig's
};

struct AcceptReply {
  Bytes response_data{};  // rides in the SYN-ACK, and is the start of our stream, or marked
  // true: what does not fit the SYN-ACK follows as stream bytes; of marked data, behind it.
  bool overflow_to_stream = false;
  std::uint8_t dscp = 0;  // of the connection's packets (RFC 2474), 0 to 63
};

struct ConnectOptions {
  Endpoint remote{};
  Endpoint local{};  // address any: the interface's first; port 0: chosen from the ephemeral range
  Bytes caller_data{};  // rides in the SYN, and is the start of our stream, or marked
  // true: the SYN says how much of what follows it is caller data, and a server that understands
  // (ListenOptions::marked) keeps it and its response data out of the stream: the response data is
  // there when `connected` is told, for receive_connect_data(). Any other server takes it for the
  // start of the stream, unless `require_marked`: then the connection ends with not_marked.
  bool marked = false;
  bool require_marked = false;
  // true: SYN retransmissions carry the caller data too; false: only the first SYN does.
  bool caller_data_on_retransmission = true;
  // off: the caller data rides in the SYN, whatever the server thinks of it. cookie: it does where
  // the server gave us a cookie; else the SYN asks for one and the data follows. cookie_less: it
  // does, with the cookie where there is one. Both leave it off retransmissions, and off every SYN
  // to a server whose path seems to drop them (RFC 7413 4.1.3.1). What does not fit the SYN
  // follows.
  FastOpen fast_open = FastOpen::off;
  // true: what does not ride in the SYN is not taken, and does not follow;
  // ConnectionInfo::send_queued_bytes has how much was. Marked data is taken all the same.
  bool caller_data_in_syn_only = false;
  std::optional<CongestionAlgorithm> congestion{};  // else TcpConfig's
  std::uint8_t dscp = 0;                            // of its packets (RFC 2474), 0 to 63
};

}  // namespace anteroom
