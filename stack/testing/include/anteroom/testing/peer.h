// A scripted remote end: says segments to a stack and reads its answers, in the notation, with
// numbers relative to both initial sequence numbers. Time is virtual and stands still unless told
// to pass.
//
//   Peer peer({.conditional = true});
//   peer.sends("S 0:5(5) win 65535 <mss 1460> \"hello\"");
//   auto pending = peer.requested();
//   peer.accept(*pending, "world");
//   EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 \"world\""), "");
#pragma once

#include <string>
#include <string_view>

#include <anteroom/stack.h>
#include <anteroom/testing/pair.h>

namespace anteroom::testing {

struct PeerOptions {
  Config config = test_config(1);  // of the stack; the medium becomes ip
  bool listen = true;              // on port 80
  ListenOptions listener{};
  std::uint16_t port = 40'000;  // of the peer
  std::uint32_t initial_sequence = 10'000;
};

class Peer {
 public:
  explicit Peer(PeerOptions options = {});
  // A connection from peer to stack in ESTABLISHED, without options beyond MSS; `window` is the
  // peer's.
  static Peer established(PeerOptions options = {}, std::uint16_t window = 65'535);

  Stack& stack() { return *stack_; }
  ListenerId listener() const { return listener_; }
  ConnectionId connection{};  // what accept(), connects() or established() made
  Instant now() const { return now_; }

  // The peer says a segment. Text that does not parse aborts the test program with the reason.
  void sends(std::string_view segment);
  // The stack's next SYN begins a connection whose numbers count anew.
  void restarts() { knows_initial_ = false; }
  // That segment as an IP packet: for another stack.
  std::vector<std::uint8_t> packet_of(std::string_view segment) const;
  // Raw bytes as an IP packet.
  void sends_packet(Bytes packet);
  // Empty where the next frame of the stack is this segment; else what it is instead.
  std::string sees(std::string_view segment);
  // Empty where the stack has nothing to say; else what it says.
  std::string sees_nothing();
  // The next segment of the stack as text, empty where there is none.
  std::string next();
  // The next packet of the stack that is not TCP, whole; empty where there is none.
  std::vector<std::uint8_t> next_packet();

  // Virtual time passes, with every timer on its way; it stops early where a timer makes the stack
  // speak. What the stack has said before must have been read.
  void passes(Duration duration);
  // The next event; EventKind is compared by the caller.
  std::optional<Event> event() { return stack_->next_event(); }
  // Skips to the next event of this kind.
  std::optional<Event> event(EventKind kind);

  // --- The owner's side, shortened ---
  std::optional<PendingId> requested();
  Status accept(PendingId pending, std::string_view response_data = {});
  // The stack opens a connection to the peer's port.
  void connects(std::string_view caller_data = {});
  Result<std::size_t> writes(std::string_view data);
  // All that is readable.
  std::string reads();
  State state();

 private:
  bool fetch();

  PeerOptions options_;
  std::unique_ptr<Stack> stack_;
  ListenerId listener_{};
  Instant now_{1s};
  IpAddress own_ = IpAddress::v4(192, 0, 2, 2);  // or 2001:db8::2, as the stack's first address
  std::uint16_t stack_port_ = 80;
  std::uint32_t stack_initial_ = 0;  // learned from its first SYN
  bool knows_initial_ = false;
  std::vector<std::uint8_t> buffer_;
  std::size_t fetched_ = 0;  // bytes of a frame read ahead
};

}  // namespace anteroom::testing
