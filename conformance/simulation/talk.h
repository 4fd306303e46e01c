// How the owner of one connection behaves: what it writes and reads, how fast, and how it ends.
// Not here: how connections come about (workload.h).
#pragma once

#include <cstdint>
#include <optional>

#include <anteroom/stack.h>

#include "conformance/simulation/checkers.h"
#include "conformance/simulation/dice.h"
#include "conformance/simulation/trace.h"

namespace anteroom::simulation {

// What an owner acts with; each call gets it anew.
struct Owner {
  std::size_t host;
  Stack& stack;
  Checkers& checkers;
  Trace& trace;
  Dice& dice;

  void note(Instant now, std::string_view text) const;
};

enum class Ending : std::uint8_t {
  orderly,     // shutdown after the last byte, close after the peer's
  after_peer,  // close when both sides have said everything
  early,       // close after our last byte, whatever the peer still says
  abort,       // at some moment
};

// Probabilities of one connection, 0 to 1.
struct Manners {
  std::uint64_t stream_bytes_max = 20'000;
  double slow_writer = 0.2;
  double slow_reader = 0.2;  // its window closes
  double urgent = 0.05;      // of one write
  double rude = 0.2;         // ends early or aborts
  double keepalive = 0.1;
};

struct Manner {
  std::uint64_t bytes = 0;
  std::uint64_t write_max = 4'096;
  Duration write_pause{};
  std::uint64_t read_max = 4'096;
  Duration read_pause{};
  double urgent = 0;
  bool eager = false;  // writes before the handshake is complete
  bool no_delay = false;
  bool fidgets = false;  // changes no_delay and keepalive on the way
  std::optional<KeepaliveConfig> keepalive;
  Ending ending = Ending::orderly;
  std::optional<Instant> abort_at;  // also after close(), where that comes first
};

Manner draw_manner(Instant now, const Manners& manners, Dice& dice);

class Talk {
 public:
  // `stream` is what this side sends; what rode in the SYN or SYN-ACK is counted there already.
  Talk(ConnectionId id, std::uint64_t stream, const Reading& reading, const Manner& manner)
      : id_(id), stream_(stream), reading_(reading), manner_(manner) {}

  void begin(Instant now, const Owner& owner);
  void on_event(const Event& event);
  void act(Instant now, const Owner& owner);
  std::optional<Instant> next_wake() const;
  // No more pauses, no more rudeness.
  void hurry(Instant now, const Owner& owner);
  // The id was given up and the end was told.
  bool is_over() const { return released_ && closed_ && !manner_.abort_at; }
  ConnectionId id() const { return id_; }

 private:
  void read(Instant now, const Owner& owner);
  bool take_connect_data(Instant now, const Owner& owner);
  bool read_once(Instant now, const Owner& owner);
  void write(Instant now, const Owner& owner);
  bool write_once(Instant now, const Owner& owner);
  void end(Instant now, const Owner& owner);
  void release(Instant now, const Owner& owner, bool by_abort);
  void fidget(Instant now, const Owner& owner);
  bool is_polite(const Owner& owner) const;
  bool has_said_everything(const Owner& owner) const;

  ConnectionId id_;
  std::uint64_t stream_;
  Reading reading_;
  Manner manner_;
  Instant read_at_{};
  Instant write_at_{};
  bool connected_ = false;
  bool readable_ = true;  // perhaps: the first read tells
  bool blocked_ = false;  // until the event `writable`
  bool end_read_ = false;
  bool shut_down_ = false;
  bool failed_ = false;
  bool closed_ = false;  // the event was told
  bool released_ = false;
};

}  // namespace anteroom::simulation
