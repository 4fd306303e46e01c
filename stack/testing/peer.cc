// The link is IP alone: no neighbor stands between a segment and its answer.
#include <cstdio>
#include <cstdlib>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ip.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::testing {
namespace {

std::vector<std::uint8_t> bytes_from_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TcpOptions options_from(const OptionsNote& note, std::vector<std::uint8_t>& experimental) {
  TcpOptions options;
  options.has_mss = note.mss.has_value();
  options.mss = note.mss.value_or(0);
  options.has_window_scale = note.window_scale.has_value();
  options.window_scale = note.window_scale.value_or(0);
  options.sack_permitted = note.sack_permitted;
  if (note.timestamp) {
    options.has_timestamp = true;
    options.timestamp_value = note.timestamp->first;
    options.timestamp_echo = note.timestamp->second;
  }
  for (const auto& [left, right] : note.sack) {
    if (options.sack_count < kSackBlocksMax) options.sack[options.sack_count++] = {left, right};
  }
  if (note.fast_open) {
    const auto cookie = bytes_from_hex(*note.fast_open);
    options.has_fast_open = true;
    options.fast_open.experimental = note.fast_open_experimental;
    options.fast_open.size = static_cast<std::uint8_t>(std::min(cookie.size(), kFastOpenCookieMax));
    std::copy_n(cookie.begin(), options.fast_open.size, options.fast_open.bytes.begin());
  }
  if (note.acc_ecn) {
    const bool first = note.acc_ecn->kind == 172;
    auto counters = note.acc_ecn->counters;
    const auto fields = static_cast<std::uint8_t>(counters.size());
    counters.resize(3);
    options.acc_ecn = {note.acc_ecn->kind, fields, counters[first ? 0 : 2], counters[1],
                       counters[first ? 2 : 0]};
  }
  options.has_connect_data = note.connect_data.has_value();
  options.connect_data_bytes = note.connect_data.value_or(0);
  if (note.experimental) {
    experimental = bytes_from_hex(note.experimental->second);
    options.experimental = {note.experimental->first, Bytes(experimental)};
  }
  return options;
}

SegmentNote parse_or_abort(std::string_view text) {
  auto note = parse_segment(text);
  if (note) return *note;
  std::fprintf(stderr, "anteroom::testing: %s\n", note.error().c_str());
  std::abort();
}

}  // namespace

Peer::Peer(PeerOptions options) : options_(std::move(options)) {
  options_.config.interface.medium = Medium::ip;
  if (!options_.config.interface.addresses.front().address.is_v4()) own_ = address_v6(2);
  stack_ = std::make_unique<Stack>(options_.config);
  buffer_.resize(stack_->frame_bytes_max());
  if (!options_.listen) return;
  if (options_.listener.local.port == 0) options_.listener.local.port = 80;
  stack_port_ = options_.listener.local.port;
  listener_ = stack_->listen(options_.listener).value();
}

Peer Peer::established(PeerOptions options, std::uint16_t window) {
  options.listener.conditional = false;
  Peer peer(std::move(options));
  const std::string win = " win " + std::to_string(window);
  peer.sends("S 0:0(0)" + win + " <mss 1000>");
  (void)peer.next();
  peer.sends(". 1:1(0) ack 1" + win);
  peer.connection = peer.stack().take(peer.listener_).value();
  while (peer.event()) {
  }
  return peer;
}

std::vector<std::uint8_t> Peer::packet_of(std::string_view text) const {
  const SegmentNote note = parse_or_abort(text);
  std::vector<std::uint8_t> experimental;
  const TcpOptions options = options_from(note.options.value_or(OptionsNote()), experimental);
  TcpHeader tcp{options_.port,
                stack_port_,
                note.seq + options_.initial_sequence,
                0,
                note.flags,
                note.window.value_or(65'535),
                0,
                note.urgent_pointer};
  if ((note.flags & tcp_flag::ack) != 0) tcp.ack = note.ack + stack_initial_;
  TcpOptions absolute = options;
  for (std::size_t i = 0; i < absolute.sack_count; ++i) {
    absolute.sack[i].left += stack_initial_;
    absolute.sack[i].right += stack_initial_;
  }
  const std::size_t ip_bytes = ip_header_bytes(own_);
  std::vector<std::uint8_t> packet(ip_bytes + kTcpHeaderBytesMax + note.length);
  const MutableBytes segment = MutableBytes(packet).subspan(ip_bytes);
  const Written written = emit_tcp(tcp, absolute, segment);
  const std::string payload = note.payload.value_or(std::string(note.length, 'x'));
  copy_bytes(segment.subspan(written.bytes), bytes_of(payload));
  packet.resize(ip_bytes + written.bytes + note.length);
  IpHeader ip;
  ip.source = own_;
  ip.destination = options_.config.interface.addresses.front().address;
  ip.protocol = kProtocolTcp;
  ip.ecn = note.ip_ecn.value_or(0);
  ip.payload_bytes = static_cast<std::uint16_t>(written.bytes + note.length);
  finish_tcp_checksum(MutableBytes(packet).subspan(ip_bytes), written,
                      pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, ip.payload_bytes));
  emit_ip(ip, packet);
  return packet;
}

void Peer::sends(std::string_view segment) { stack_->receive(now_, packet_of(segment)); }

void Peer::sends_packet(Bytes packet) { stack_->receive(now_, packet); }

bool Peer::fetch() {
  if (fetched_ == 0) fetched_ = stack_->next_frame(now_, buffer_);
  return fetched_ != 0;
}

std::string Peer::next() {
  if (!fetch()) return {};
  const auto packet = parse_ip(Bytes(buffer_).first(fetched_));
  STACK_ASSERT(packet);
  if (packet->header.protocol != kProtocolTcp) return "not TCP";
  fetched_ = 0;
  auto note = note_of(packet->payload);
  STACK_ASSERT(note);
  if (packet->header.ecn != 0) note->ip_ecn = packet->header.ecn;
  if ((note->flags & tcp_flag::syn) != 0 && !knows_initial_) {
    knows_initial_ = true;
    stack_initial_ = note->seq;
    stack_port_ = parse_tcp(packet->payload)->header.source_port;
  }
  const bool stateless = (note->flags & tcp_flag::rst) != 0 && note->seq == 0;
  if (!stateless) note->seq -= stack_initial_;
  if ((note->flags & tcp_flag::ack) != 0) note->ack -= options_.initial_sequence;
  for (auto& [left, right] : note->options->sack) {
    left -= options_.initial_sequence;
    right -= options_.initial_sequence;
  }
  return to_string(*note);
}

std::string Peer::sees(std::string_view segment) {
  const SegmentNote expected = parse_or_abort(segment);
  const std::string actual = next();
  if (actual.empty()) return "expected " + to_string(expected) + "\n  actual nothing";
  return difference(expected, parse_or_abort(actual));
}

std::string Peer::sees_nothing() {
  const std::string actual = next();
  return actual.empty() ? actual : "expected nothing\n  actual " + actual;
}

std::vector<std::uint8_t> Peer::next_packet() {
  if (!fetch()) return {};
  std::vector<std::uint8_t> packet(buffer_.begin(),
                                   buffer_.begin() + static_cast<std::ptrdiff_t>(fetched_));
  fetched_ = 0;
  return packet;
}

void Peer::passes(Duration duration) {
  if (fetch()) {
    std::fprintf(stderr, "anteroom::testing: read what the stack says before time passes: %s\n",
                 next().c_str());
    std::abort();
  }
  const Instant end = now_ + duration;
  for (auto deadline = stack_->next_deadline(); deadline && deadline->at <= end;
       deadline = stack_->next_deadline()) {
    now_ = std::max(now_, deadline->at);
    stack_->advance(now_);
    if (fetch()) return;  // the test reads what the timer sent before more time passes
  }
  now_ = end;
}

std::optional<Event> Peer::event(EventKind kind) {
  while (const auto event = stack_->next_event()) {
    if (event->kind == kind) return event;
  }
  return std::nullopt;
}

std::optional<PendingId> Peer::requested() {
  const auto event = this->event(EventKind::connection_requested);
  if (!event) return std::nullopt;
  return event->pending;
}

Status Peer::accept(PendingId pending, std::string_view response_data) {
  const auto accepted = stack_->accept(now_, pending, {.response_data = bytes_of(response_data)});
  if (!accepted) return accepted.error();
  connection = *accepted;
  return {};
}

void Peer::connects(std::string_view caller_data) {
  connection =
      stack_->connect(now_, {.remote = {own_, options_.port}, .caller_data = bytes_of(caller_data)})
          .value();
}

Result<std::size_t> Peer::writes(std::string_view data) {
  return stack_->send(now_, connection, bytes_of(data));
}

std::string Peer::reads() {
  std::string all;
  std::vector<std::uint8_t> chunk(65'536);
  for (;;) {
    const auto taken = stack_->receive_into(now_, connection, chunk);
    if (!taken || *taken == 0) return all;
    all += text_of(Bytes(chunk).first(*taken));
  }
}

State Peer::state() {
  const auto info = stack_->connection_info(connection);
  return info ? info->state : State::closed;
}

}  // namespace anteroom::testing
