// Sequences of segments, verbs and time against a stack with an established connection and a
// listener, the invariants checked after each. One byte chooses, the next ones say what.
#include <vector>

#include <anteroom/stack.h>
#include <anteroom/testing/pair.h>

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp_header.h"

namespace anteroom {
namespace {

// Reads choices off the input; zeros where it has ended.
class Choices {
 public:
  explicit Choices(Bytes input) : left_(input) {}
  bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t value = left_.front();
    left_ = left_.subspan(1);
    return value;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }

 private:
  Bytes left_;
};

class Host {
 public:
  Host() : stack_(config()), out_(stack_.frame_bytes_max()) {
    (void)stack_.listen(
        {.local = {{}, 80}, .conditional = true, .deferral = Deferral::independent});
    (void)stack_.listen(
        {.local = {{}, 81}, .overload = OverloadPolicy::challenge, .backlog_max = 4});
    (void)stack_.listen(
        {.local = {{}, 82}, .fast_open = FastOpen::cookie, .fast_open_pending_max = 2});
    (void)stack_.listen({.local = {{}, 83}, .fast_open = FastOpen::cookie_less});
    (void)stack_.listen({.local = {{}, 84},
                         .conditional = true,
                         .overload = OverloadPolicy::challenge,
                         .marked = true,
                         .save_syn = true,
                         .backlog_max = 4});
    (void)stack_.listen(
        {.local = {{}, 85}, .conditional = true, .handshake_first = true, .marked = true});
  }

  void turn(Choices& choices) {
    switch (choices.byte() % 8) {
      case 0:
      case 1:
      case 2: segment(choices); break;
      case 3:
        now_ += std::chrono::milliseconds(choices.word());
        for (int i = 0; i < 8; ++i) stack_.advance(now_);
        break;
      case 4: verdict(choices); break;
      case 5: verb(choices); break;
      case 6: raw(choices); break;
      default: drain();
    }
    stack_.check_invariants();
  }

  void drain() {
    for (int i = 0; i < 1000; ++i) {
      const std::size_t size = stack_.next_frame(now_, out_);
      if (size == 0) return;
      note(Bytes(out_).first(size));
    }
    assertion_failed("the stack never falls silent", __FILE__, __LINE__);
  }

 private:
  static Config config() {
    Config config = testing::test_config(1);
    config.interface.medium = Medium::ip;
    config.limits.connections_max = 16;
    config.limits.requests_max = 8;
    config.limits.receive_buffer_bytes_max = 8192;
    config.limits.send_buffer_bytes_max = 8192;
    config.limits.buffer_bytes_max = 256 << 10;
    return config;
  }

  // Learns the numbers and the cookie that the stack uses, so that the next segments come near
  // them.
  void note(Bytes frame) {
    const auto packet = parse_ipv4(frame);
    if (!packet || packet->header.protocol != kProtocolTcp) return;
    const auto view = parse_tcp(packet->payload);
    STACK_ASSERT(view);
    const auto options = parse_tcp_options(view->options);
    if (options && options->fast_open.size != 0) cookie_ = options->fast_open;
    seq_ = view->header.ack;
    ack_ = view->header.seq + static_cast<std::uint32_t>(view->payload.size()) +
           ((view->header.flags & (tcp_flag::syn | tcp_flag::fin)) != 0 ? 1 : 0);
  }

  // One of the peer's ports marks its connect data; how far away the port is that takes it.
  static std::uint16_t mark(Choices& choices, std::uint8_t shape, TcpOptions& options) {
    options.has_connect_data = true;
    options.connect_data_bytes = static_cast<std::uint16_t>(choices.byte() * 8u);
    if ((shape & 4) != 0) options.connect_data_bytes = kConnectDataInStream;
    options.sack_count = 0;
    return 4;
  }

  void segment(Choices& choices) {
    const std::uint8_t shape = choices.byte();
    TcpOptions options;
    if ((shape & 1) != 0) {
      options.has_mss = options.has_window_scale = options.sack_permitted = true;
      options.mss = choices.word();
      options.window_scale = choices.byte() % 16;
    }
    if ((shape & 2) != 0) {
      options.has_timestamp = true;
      options.timestamp_value = choices.word();
    }
    if ((shape & 4) != 0) {
      options.sack_count = static_cast<std::uint8_t>(1 + choices.byte() % 2);  // two: a duplicate
      for (std::uint8_t i = 0; i < options.sack_count; ++i) {
        options.sack[i] = {ack_ + choices.byte() * 16u - 256, ack_ + choices.byte() * 16u};
      }
    }
    std::uint16_t port = (shape & 8) != 0 ? 81 : 80;
    if (shape >> 5 == 7) {  // one of the peer's ports plays Fast Open
      port += 2;
      options.has_fast_open = true;
      if ((shape & 4) != 0) options.fast_open = cookie_;
      options.sack_count = 0;
    }
    if (shape >> 5 == 6) port = static_cast<std::uint16_t>(port + mark(choices, shape, options));
    // Nine flags, two bits for the IP header's ECN field, and one for the counters of accurate ECN.
    const std::uint16_t flags = choices.word();
    if ((flags >> 11 & 1) != 0 && options.sack_count == 0 && !options.has_fast_open &&
        !options.has_connect_data) {
      options.acc_ecn = {172, 3, choices.byte(), choices.byte(), choices.byte()};
    }
    const TcpHeader header{static_cast<std::uint16_t>(1000 + (shape >> 5)),
                           port,
                           seq_ + choices.byte() - 128u * ((shape >> 4) & 1),
                           ack_ + choices.byte() % 4u - 1,
                           static_cast<std::uint16_t>(flags & 0x1ff),
                           choices.word(),
                           0,
                           choices.byte()};
    std::vector<std::uint8_t> packet(kIpv4HeaderBytes + kTcpHeaderBytesMax + 2048);
    const MutableBytes tcp = MutableBytes(packet).subspan(kIpv4HeaderBytes);
    const Written written = emit_tcp(header, options, tcp);
    const std::size_t size = written.bytes + choices.byte() * 8u;
    IpHeader ip;
    ip.source = IpAddress::v4(192, 0, 2, 2);
    ip.destination = IpAddress::v4(192, 0, 2, 1);
    ip.protocol = kProtocolTcp;
    ip.ecn = flags >> 9 & 3;
    ip.payload_bytes = static_cast<std::uint16_t>(size);
    finish_tcp_checksum(tcp.first(size), written,
                        pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, size));
    emit_ipv4(ip, packet);
    stack_.receive(now_, Bytes(packet).first(kIpv4HeaderBytes + size));
  }

  void verdict(Choices& choices) {
    while (const auto event = stack_.next_event()) {
      if (event->kind == EventKind::accept_ready)
        connections_.push_back(stack_.take(event->listener).value());
      if (event->kind == EventKind::connection_requested) pendings_.push_back(event->pending);
    }
    if (pendings_.empty()) return;
    const PendingId pending = pendings_[choices.byte() % pendings_.size()];
    const std::string_view response = "response data";
    if (const auto request = stack_.request(now_, pending)) {
      std::uint8_t sum = 0;
      for (const std::uint8_t octet : request->caller_data) sum ^= octet;
      for (const std::uint8_t octet : request->raw_syn) sum ^= octet;
      now_ += Duration(sum & 1);  // so that it is not thrown away
    }
    switch (choices.byte() % 6) {
      case 0: {
        const auto accepted =
            stack_.accept(now_, pending, {bytes_of(response), choices.byte() % 2 == 0});
        if (accepted) connections_.push_back(*accepted);
        break;
      }
      case 1: (void)stack_.reject(now_, pending); break;
      case 2: (void)stack_.ignore(now_, pending); break;
      case 3: (void)stack_.challenge(now_, pending); break;
      case 4: (void)stack_.abandon(now_, pending); break;
      default: (void)stack_.defer(now_, pending);
    }
  }

  void verb(Choices& choices) {
    const std::uint8_t which = choices.byte() % 12;
    if (which == 0) {
      const std::uint8_t data[300] = {};
      const std::size_t size = choices.byte();
      const auto id = stack_.connect(now_, {.remote = {IpAddress::v4(192, 0, 2, 2), 1000},
                                            .caller_data = Bytes(data).first(size),
                                            .marked = (size & 1) != 0,
                                            .require_marked = (size & 3) == 3,
                                            .fast_open = static_cast<FastOpen>(size % 3)});
      if (id) connections_.push_back(*id);
      return;
    }
    if (connections_.empty()) return;
    const ConnectionId id = connections_[choices.byte() % connections_.size()];
    std::uint8_t data[3000] = {};
    const std::size_t size = choices.byte() * 11u;
    switch (which) {
      case 1: (void)stack_.send(now_, id, Bytes(data).first(size)); break;
      case 2: (void)stack_.receive_into(now_, id, MutableBytes(data).first(size)); break;
      case 3: (void)stack_.shutdown(now_, id); break;
      case 4: (void)stack_.close(now_, id); break;
      case 5: (void)stack_.abort(now_, id); break;
      case 6: (void)stack_.set_keepalive(now_, id, KeepaliveConfig{1s, 1s, 2}); break;
      case 7: (void)stack_.receive_connect_data(now_, id, data); break;
      case 8: (void)stack_.peek(id, static_cast<std::uint32_t>(size / 2), data); break;
      case 9: (void)stack_.set_corked(now_, id, (size & 1) != 0); break;
      case 10: (void)stack_.set_dscp(now_, id, static_cast<std::uint8_t>(size)); break;
      default: (void)stack_.send_urgent(now_, id, Bytes(data).first(size));
    }
  }

  void raw(Choices& choices) {
    std::uint8_t packet[64];
    const std::size_t size = choices.byte() % sizeof packet;
    for (std::size_t i = 0; i < size; ++i) packet[i] = choices.byte();
    stack_.receive(now_, Bytes(packet).first(size));
  }

  Stack stack_;
  Instant now_{1s};
  std::vector<std::uint8_t> out_;
  std::vector<PendingId> pendings_;
  std::vector<ConnectionId> connections_;
  std::uint32_t seq_ = 1000;
  std::uint32_t ack_ = 0;
  FastOpenCookie cookie_{};
};

}  // namespace
}  // namespace anteroom

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  anteroom::Host host;
  anteroom::Choices choices(anteroom::Bytes(data, size));
  while (!choices.empty()) host.turn(choices);
  host.drain();
  return 0;
}
