// Frames of one link never overtake each other; the wire function may lose or change them.
#include <map>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/pair.h>

#include "stack/wire/ethernet.h"
#include "stack/wire/ip.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::testing {

Config test_config(std::uint8_t host_number) {
  Config config;
  config.interface.mac = {{0x02, 0, 0, 0, 0, host_number}};
  config.interface.addresses = {{IpAddress::v4(192, 0, 2, host_number), 24}};
  config.seed.fill(host_number);
  return config;
}

IpAddress address_v6(std::uint8_t host_number) {
  return IpAddress::v6({0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host_number});
}

Config test_config_v6(std::uint8_t host_number) {
  Config config = test_config(host_number);
  config.interface.addresses = {{address_v6(host_number), 64}};
  return config;
}

Pair::Pair(const Config& server_config, const Config& client_config)
    : server(server_config),
      client(client_config),
      buffer_(std::max(server.frame_bytes_max(), client.frame_bytes_max())) {}

bool Pair::drain(Stack& from, Toward toward) {
  bool any = false;
  while (const std::size_t size = from.next_frame(now_, buffer_)) {
    any = true;
    std::vector<std::uint8_t> frame(buffer_.begin(),
                                    buffer_.begin() + static_cast<std::ptrdiff_t>(size));
    trace_.emplace_back(toward, frame);
    if (wire_ && !wire_(toward, frame)) continue;
    transit_.push_back({now_ + latency_, toward, std::move(frame)});
  }
  auto& events = toward == Toward::client ? server_events_ : client_events_;
  while (const auto event = from.next_event()) events.push_back(*event);
  return any;
}

void Pair::settle() {
  for (;;) {
    bool moved = drain(server, Toward::client);
    moved = drain(client, Toward::server) || moved;
    while (!transit_.empty() && transit_.front().due <= now_) {
      const Transit arrived = std::move(transit_.front());
      transit_.pop_front();
      (arrived.toward == Toward::server ? server : client).receive(now_, arrived.frame);
      moved = true;
    }
    if (!moved) return;
  }
}

std::optional<Instant> Pair::next_instant() const {
  std::optional<Instant> next;
  const auto consider = [&](Instant at) {
    if (!next || at < *next) next = at;
  };
  if (!transit_.empty()) consider(transit_.front().due);
  if (const auto deadline = server.next_deadline()) consider(deadline->at);
  if (const auto deadline = client.next_deadline()) consider(deadline->at);
  return next;
}

bool Pair::step(Instant until) {
  settle();
  const auto next = next_instant();
  if (!next || *next > until) return false;
  now_ = std::max(now_, *next);
  server.advance(now_);
  client.advance(now_);
  settle();
  return true;
}

void Pair::run_for(Duration duration) {
  const Instant end = now_ + duration;
  while (step(end)) {
  }
  now_ = end;
}

void Pair::run(Duration at_most) {
  const Instant end = now_ + at_most;
  while (step(end)) {
  }
}

std::vector<Event> Pair::take_events(Stack& stack) {
  settle();
  return std::exchange(&stack == &server ? server_events_ : client_events_, {});
}

std::optional<Event> Pair::next_event(Stack& stack) {
  settle();
  auto& events = &stack == &server ? server_events_ : client_events_;
  if (events.empty()) return std::nullopt;
  const Event oldest = events.front();
  events.erase(events.begin());
  return oldest;
}

std::vector<std::string> Pair::take_trace() {
  settle();
  std::vector<std::string> lines;
  std::map<std::pair<Toward, std::uint32_t>, std::uint32_t> first_seq;  // by sender and port pair
  for (const auto& [toward, frame] : std::exchange(trace_, {})) {
    const auto packet = parse_ip(Bytes(frame).subspan(kEthernetHeaderBytes));
    if (!packet || packet->header.protocol != kProtocolTcp) continue;
    auto note = note_of(packet->payload);
    const auto view = parse_tcp(packet->payload);
    if (!note || !view) continue;
    const Toward back = toward == Toward::server ? Toward::client : Toward::server;
    const std::uint32_t ports =
        std::uint32_t{view->header.source_port} << 16 | view->header.destination_port;
    const std::uint32_t back_ports = ports << 16 | ports >> 16;
    const auto base = first_seq.try_emplace({toward, ports}, note->seq).first->second;
    note->seq -= base;
    const auto other = first_seq.find({back, back_ports});
    if (other != first_seq.end() && (note->flags & tcp_flag::ack) != 0) note->ack -= other->second;
    note->window.reset();
    note->options.reset();
    lines.push_back((toward == Toward::client ? "server > " : "client > ") + to_string(*note));
  }
  return lines;
}

}  // namespace anteroom::testing
