// What the POSIX face adds to <sys/socket.h>: the condition function of a listener, the socket
// options of conditional accept, and the bounds of a descriptor table.
#pragma once

#include <cstdint>
#include <optional>

#include <anteroom/bytes.h>
#include <anteroom/connection.h>

namespace anteroom {

// What a condition function says; accept_if() carries it out and answers accordingly.
enum class AcceptVerdict : std::uint8_t {
  accept,  // a descriptor
  reject,  // RST; -1 and ECONNREFUSED
  ignore,  // silence; -1 and ECANCELED
  defer,   // the request keeps its place and is asked about again; -1 and EINPROGRESS
  // A SYN cookie and no memory of it; the request comes again, another one with its address
  // validated, when the client answers; -1 and EALREADY. EINVAL where its handshake is complete.
  challenge,
};

// What a condition function fills in where it accepts. The bytes must stay until accept_if()
// returns.
struct AcceptAnswer {
  Bytes response_data{};            // rides in the SYN-ACK
  bool overflow_to_stream = false;  // true: what does not fit the SYN-ACK follows as stream bytes
  // Of the connection's packets (RFC 2474), 0 to 63; without one the listener's IP_TOS counts.
  std::optional<std::uint8_t> dscp{};
};

// `request` is valid for the call. The function may call any socket function; accept() on its own
// listener answers EDEADLK, and closing that listener makes the verdict void (EBADF).
using AcceptCondition = AcceptVerdict (*)(const Request& request, AcceptAnswer& answer,
                                          void* context);

// A level of socket options of our own. Named as socket options are, so that they read like them.
// NOLINTBEGIN(readability-identifier-naming)
enum SocketLevel : int { SOL_ANTEROOM = 0x4152 };

enum AnteroomOption : int {
  // int, before listen(): 1 holds each SYN, unanswered, until accept() or accept_if().
  ANTEROOM_HOLD_SYN = 1,
  // int, before listen(): 0 a deferred request stops every further one (as WSAAccept has it); 1 it
  // steps aside and is asked about again when no other waits.
  ANTEROOM_DEFER_ASIDE = 2,
  // int, before listen(): 1 the caller data of a SYN is not also the start of the stream.
  ANTEROOM_CONSUME_CALLER_DATA = 3,
  // int, before listen(): what a listener at its limit does with one more SYN, an AnteroomOverload.
  ANTEROOM_OVERLOAD = 4,
  // Bytes, before connect(): ride in the SYN, and are the start of our stream. Empty: none.
  ANTEROOM_CALLER_DATA = 5,
  // int, to read: bytes of response data in the SYN-ACK that answered us.
  ANTEROOM_RESPONSE_BYTES = 6,
  // int, to read: bytes of our caller data that the SYN-ACK acknowledged.
  ANTEROOM_CALLER_BYTES_TAKEN = 7,
  // int, before listen(), with ANTEROOM_HOLD_SYN: 1 completes each handshake first, and its end is
  // the request.
  ANTEROOM_HANDSHAKE_FIRST = 8,
  // int, before listen() or connect(), an AnteroomMarking: connect data outside the stream, where
  // both ends are this library.
  ANTEROOM_MARKED = 9,
  // Bytes, to read, once: the peer's marked connect data. EAGAIN: not whole yet. EMSGSIZE: more
  // than there was room for, and still there; the length says how much.
  ANTEROOM_CONNECT_DATA = 10,
};

enum AnteroomMarking : int {
  ANTEROOM_UNMARKED = 0,
  ANTEROOM_MARKED_IF_UNDERSTOOD = 1,  // any other peer takes the data for the start of the stream
  ANTEROOM_MARKED_ONLY = 2,           // connect() ends with EPROTO at any other peer
};

enum AnteroomOverload : int {
  ANTEROOM_OVERLOAD_DROP = 0,
  ANTEROOM_OVERLOAD_RESET = 1,
  ANTEROOM_OVERLOAD_CHALLENGE = 2,
};
// NOLINTEND(readability-identifier-naming)

struct PosixOptions {
  // The first descriptor. The default leaves room for the system's own below it and lets select(),
  // whose sets end at FD_SETSIZE, see as many of ours.
  int descriptor_base = 512;
  // Descriptors at the same time; one more is EMFILE.
  int descriptors_max = 65'536;
};

}  // namespace anteroom
