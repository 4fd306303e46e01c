// A TCP/IP host as a value: bytes and the time go in, frames, events and one deadline come out.
//
//   Stack stack(config);
//   stack.receive(now, frame);                              // any number of frames, then ...
//   while (auto event = stack.next_event()) { ... }         // ... decide, read, write ...
//   while (auto size = stack.next_frame(now, buffer)) { ... }  // ... and send what there is,
//   stack.next_deadline();                                  // then wait; when it is due:
//   advance().
//
// A Stack does no I/O, reads no clock, starts no thread, and belongs to one owner at a time. `now`
// must never go back. Verbs never block and never call back.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <anteroom/bytes.h>
#include <anteroom/config.h>
#include <anteroom/connection.h>
#include <anteroom/event.h>
#include <anteroom/id.h>
#include <anteroom/options.h>
#include <anteroom/result.h>
#include <anteroom/stats.h>
#include <anteroom/time.h>

namespace anteroom {

class Stack {
 public:
  // Aborts where the configuration is outside its documented bounds: check_config() tells.
  explicit Stack(const Config& config);
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  // --- Input ---
  // One frame from the interface; borrowed for the call. Never fails: what is bad is counted.
  void receive(Instant now, Bytes frame);
  // Serves what is due, at most Limits::timers_per_advance deadlines.
  void advance(Instant now);

  // --- Output: drain until empty, then wait for the deadline ---
  // Writes one frame into `out` and returns its length in bytes; 0 when there is nothing to send.
  // `out` must hold frame_bytes_max().
  std::size_t next_frame(Instant now, MutableBytes out);
  std::optional<Event> next_event();
  std::optional<Deadline> next_deadline() const;
  std::size_t frame_bytes_max() const;

  // --- Listeners ---
  // Errors: address_in_use, address_not_ours, limit_reached, invalid_argument (port 0, no backlog,
  // SYN cookies for a conditional listener).
  Result<ListenerId> listen(const ListenOptions& options);
  // Withdraws every request and resets every connection that nobody took. Errors: stale_id.
  Status close(Instant now, ListenerId listener);
  // ListenOptions::fast_open and fast_open_pending_max, from now on. Errors: stale_id.
  Status set_fast_open(ListenerId listener, FastOpen fast_open, std::uint32_t pending_max);
  // The oldest established connection of an ordinary listener. Errors: would_block, stale_id.
  Result<ConnectionId> take(ListenerId listener);

  // --- Requests: one verdict each; the id is dead after all of them but defer ---
  // Errors of all: stale_id, or the withdrawn_ error that says why the request is gone.
  Result<Request> request(Instant now, PendingId pending) const;
  // Accepts and queues the SYN-ACK. Errors: too_large (detail: bytes that fit), invalid_argument
  // (dscp) and limit_reached or no_buffer, after which the request still waits.
  Result<ConnectionId> accept(Instant now, PendingId pending, const AcceptReply& reply);
  Status reject(Instant now, PendingId pending);  // RST: the client sees "connection refused"
  Status ignore(Instant now, PendingId pending);  // silence: the client tries until it gives up
  Status defer(Instant now, PendingId pending);   // keeps its place; decide later by the same id
  // Answers with a SYN cookie (RFC 4987 3.6), and with a Fast Open cookie where one was asked for,
  // and forgets the request. It comes again, another one, with its address validated, when the
  // client answers. Errors: invalid_argument (its handshake is complete).
  Status challenge(Instant now, PendingId pending);
  // The owner lets go of it: ListenOptions::default_verdict.
  Status abandon(Instant now, PendingId pending);

  // --- Connections ---
  // Errors: no_route, no_port, address_in_use, address_not_ours, limit_reached, no_buffer,
  // too_large (caller data beyond one segment, or with Fast Open beyond the send buffer),
  // invalid_argument (a remote that nobody else can be, dscp beyond 63, require_marked alone).
  Result<ConnectionId> connect(Instant now, const ConnectOptions& options);
  // Takes as many bytes as there is room for. Errors: would_block (none; `writable` tells when),
  // no_buffer (Limits::buffer_bytes_max is used up; nothing tells when it is not),
  // direction_closed, the error that ended the connection, stale_id. Before the handshake completes
  // the bytes are queued.
  Result<std::size_t> send(Instant now, ConnectionId connection, Bytes data);
  // The same, with the last byte marked urgent (RFC 9293 3.8.5; obsolescent, RFC 6093).
  Result<std::size_t> send_urgent(Instant now, ConnectionId connection, Bytes data);
  // Moves received bytes into `out`. 0: the peer has closed and everything was read.
  // Errors: would_block, the error that ended the connection, stale_id.
  Result<std::size_t> receive_into(Instant now, ConnectionId connection, MutableBytes out);
  // Copies received bytes from `offset` on, counted from the next one to read, and leaves them.
  // Errors as receive_into().
  Result<std::size_t> peek(ConnectionId connection, std::uint32_t offset, MutableBytes out) const;
  // Moves the peer's marked connect data into `out`, once: at a client the response data, whole
  // when `connected` is told; at a server caller data that came after the verdict. 0: there is
  // none. Reading the stream gives it up. Errors: would_block (it is not whole yet), too_large
  // (detail: its bytes), stale_id.
  Result<std::size_t> receive_connect_data(Instant now, ConnectionId connection, MutableBytes out);
  // Ends our direction after what is queued; the peer's goes on. Errors: direction_closed,
  // stale_id.
  Status shutdown(Instant now, ConnectionId connection);
  // Ends our direction and gives the id up after its `closed` event. Unread data, and data that
  // comes later, is answered with RST (RFC 9293 3.6.1 [SHLD-3]). Errors: stale_id.
  Status close(Instant now, ConnectionId connection);
  // Ends both directions at once, with RST; also after close(), while the connection lingers.
  // Errors: stale_id.
  Status abort(Instant now, ConnectionId connection);
  // true: an acknowledgment that waits goes now, and the next fifteen don't wait; false: they do,
  // also where TcpConfig::quick_acks had said otherwise. Errors: stale_id.
  Status set_quick_ack(Instant now, ConnectionId connection, bool quick);
  Status set_no_delay(Instant now, ConnectionId connection, bool no_delay);
  // true: only full segments go, or what has waited for a time-out. Ending it sends the rest.
  Status set_corked(Instant now, ConnectionId connection, bool corked);
  // Of its packets from now on (RFC 2474), 0 to 63. Errors: stale_id, invalid_argument.
  Status set_dscp(Instant now, ConnectionId connection, std::uint8_t dscp);
  Status set_keepalive(Instant now, ConnectionId connection,
                       std::optional<KeepaliveConfig> keepalive);
  // RFC 5482, kept to ourselves: how long data may go unacknowledged before the connection ends
  // with timed_out; 1 ms to 49 days, 0: the retries of TcpConfig decide. Errors: stale_id.
  Status set_user_timeout(Instant now, ConnectionId connection, Duration user_timeout);
  Result<ConnectionInfo> connection_info(ConnectionId connection) const;
  // Of every connection there is, those that nobody owns any more included. Allocates.
  std::vector<ConnectionInfo> connection_table() const;

  const Stats& stats() const;
  const Config& config() const;
  // Replaces how TCP behaves: what a connection agrees on in its handshake stays, timers and limits
  // count from now on. Aborts where a value is outside its bounds, as the constructor does.
  void configure(const TcpConfig& tcp);

  // Asserts what must hold between any two calls; aborts where it does not. For tests.
  void check_invariants() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The first value of the configuration that is outside its bounds, in words; empty where all is
// well. Valid for ever.
std::string_view check_config(const Config& config);

}  // namespace anteroom
