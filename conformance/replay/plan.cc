// The pins: maximum segment size by the MTU, window scale, time-stamps, SACK and ECN by TcpConfig.
// Numbers need no pin, they are translated.
#include "conformance/replay/plan.h"

#include <algorithm>

#include "stack/wire/ip.h"

namespace anteroom::replay {
namespace {

constexpr std::uint32_t kMtuMin = 576;
constexpr std::uint32_t kMtuMinIpv6 = 1'280;  // RFC 8200 5
constexpr std::uint32_t kTcpBytes = 20;
constexpr std::uint16_t kMtuAssumed = 1'500;
constexpr std::uint32_t kWindowMax = 4u << 20;

bool is_from(const Segment& segment, const Endpoint& end) { return segment.source == end; }

std::uint16_t mtu_for(std::uint16_t mss, const IpAddress& address) {
  const auto headers = static_cast<std::uint32_t>(ip_header_bytes(address)) + kTcpBytes;
  const std::uint32_t least = address.is_v4() ? kMtuMin : kMtuMinIpv6;
  return static_cast<std::uint16_t>(std::clamp<std::uint32_t>(mss + headers, least, 65'535));
}

// What the captured host's SYN or SYN-ACK shows of its configuration. `offer` is the SYN that a
// SYN-ACK answers.
void pin_options(const Segment& own, const Segment* offer, TcpConfig& tcp) {
  // An answer has only what was offered; what was not says nothing.
  const auto wanted = [&](bool has, bool offered) { return has || !offered; };
  const bool offers_all = offer == nullptr;
  tcp.timestamps = wanted(own.read.has_timestamp, offers_all || offer->read.has_timestamp);
  tcp.sack = wanted(own.read.sack_permitted, offers_all || offer->read.sack_permitted);
  tcp.window_scale =
      wanted(own.read.window_scale.has_value(), offers_all || offer->read.window_scale.has_value());
  if (own.read.window_scale) {
    tcp.window_scale_announced = std::min<std::uint8_t>(*own.read.window_scale, 14);
  }
  // RFC 3168 6.1.1, RFC 9768 3.1.1.
  constexpr std::uint16_t kEcn = flag::ece | flag::cwr | flag::ae;
  if (offer == nullptr) {
    tcp.ecn = own.has(kEcn)                    ? EcnUse::accurate
              : own.has(flag::ece | flag::cwr) ? EcnUse::classic
                                               : EcnUse::off;
  } else if ((offer->flags & kEcn) != 0) {
    tcp.ecn = (own.flags & kEcn) != 0 ? EcnUse::accept : EcnUse::off;
  }
}

// Numbers of an end whose own segments tell, or what the other end acknowledges.
std::uint32_t initial_of(const std::deque<Segment>& ahead, const Endpoint& end) {
  for (const Segment& segment : ahead) {
    if (is_from(segment, end) && segment.has(flag::syn)) return segment.seq;
  }
  for (const Segment& segment : ahead) {
    // A reset out of nothing has no numbers of the connection.
    if (segment.has(flag::rst)) continue;
    if (is_from(segment, end)) return segment.seq - 1;
    if (segment.has(flag::ack)) return segment.ack - 1;
  }
  return ahead.front().seq - 1;
}

// The lowest number among an end's first segments: they may be out of order where no SYN says.
std::uint32_t earliest_of(const std::deque<Segment>& ahead, const Endpoint& end,
                          std::uint32_t initial) {
  for (const Segment& segment : ahead) {
    if (segment.has(flag::syn) && is_from(segment, end)) return initial;
  }
  for (const Segment& segment : ahead) {
    if (segment.has(flag::rst)) continue;
    std::uint32_t first = 0;
    if (is_from(segment, end)) {
      first = segment.seq - 1;
    } else if (segment.has(flag::ack)) {
      first = segment.ack - 1;
    } else {
      continue;
    }
    const auto before = static_cast<std::int32_t>(first - initial);
    if (before < 0 && before > -(1 << 20)) initial = first;
  }
  return initial;
}

void set_limits(Config& config) {
  // One connection, and what a flow that is used again leaves behind.
  config.limits.connections_max = 8;
  config.limits.listeners_max = 2;
  config.limits.requests_max = 8;
  config.limits.requests_per_source_max = 8;
  config.limits.caller_data_bytes_max = 65'535;
  config.limits.amplification_factor_max = 0;
  config.limits.send_buffer_bytes_max = kWindowMax;
  config.limits.receive_buffer_bytes_max = kWindowMax;
  config.limits.receive_buffer_bytes_initial = kWindowMax;
  config.limits.neighbors_max = 2;
  config.limits.replies_max = 64;
  config.limits.path_mtu_entries_max = 4;
}

Config config_for(const Plan& plan, const std::deque<Segment>& ahead) {
  Config config;
  config.interface.medium = Medium::ip;
  const IpAddress& captured = plan.subject.address;
  const std::uint8_t prefix = captured.is_v4() ? 24 : 64;
  config.interface.addresses = {{played_address(captured, true), prefix}};
  for (std::size_t i = 0; i < config.seed.size(); ++i) {
    config.seed[i] = static_cast<std::uint8_t>(i + 1);
  }
  set_limits(config);
  TcpConfig& tcp = config.tcp;
  tcp.ecn = EcnUse::off;
  // The application's writes are the segments that the captured host sent: nothing is gathered.
  tcp.no_delay = true;
  tcp.path_mtu_probing = false;
  const std::optional<Segment>& own = plan.as == Side::server ? plan.syn_ack : plan.syn;
  const std::optional<Segment>& offer = plan.syn;
  auto mss = static_cast<std::uint16_t>(kMtuAssumed - ip_header_bytes(captured) - kTcpBytes);
  if (own) {
    pin_options(*own, plan.as == Side::server && offer ? &*offer : nullptr, tcp);
    if (own->read.mss) mss = *own->read.mss;
  } else {
    tcp.timestamps = plan.uses_timestamps;
    for (const Segment& segment : ahead) {
      // Larger ones were put together by a card.
      const bool plain = is_from(segment, plan.subject) && segment.payload.size() <= 9'000;
      if (plain) mss = std::max(mss, static_cast<std::uint16_t>(segment.payload.size()));
    }
  }
  config.interface.mtu = mtu_for(mss, captured);
  return config;
}

}  // namespace

// RFC 5737, RFC 3849.
IpAddress played_address(const IpAddress& captured, bool is_subject) {
  const std::uint8_t host = is_subject ? 1 : 2;
  if (captured.is_v4()) return IpAddress::v4(192, 0, 2, host);
  return IpAddress::v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host});
}

Endpoint client_of(const std::deque<Segment>& ahead) {
  for (const Segment& segment : ahead) {
    if (segment.is_syn()) return segment.source;
    if (segment.is_syn_ack()) return segment.destination;
  }
  const Segment& first = ahead.front();
  // Nobody serves from the higher port, as a rule.
  return first.source.port >= first.destination.port ? first.source : first.destination;
}

Plan make_plan(const std::deque<Segment>& ahead, Side as, const Options& options) {
  Plan plan;
  plan.as = as;
  const Endpoint client = client_of(ahead);
  const Segment& first = ahead.front();
  const Endpoint server = first.source == client ? first.destination : first.source;
  plan.subject = as == Side::server ? server : client;
  plan.peer = as == Side::server ? client : server;
  bool subject_seen = false;
  bool peer_seen = false;
  for (const Segment& segment : ahead) {
    const bool by_client = is_from(segment, client);
    if (!plan.syn && by_client && segment.is_syn()) plan.syn = segment;
    if (!plan.syn_ack && !by_client && segment.is_syn_ack()) plan.syn_ack = segment;
    (is_from(segment, plan.subject) ? subject_seen : peer_seen) = true;
    if (segment.is_cut) plan.is_cut = true;
    if (segment.read.has_timestamp && !segment.has(flag::syn)) plan.uses_timestamps = true;
    const bool stamps_peer = is_from(segment, plan.peer) && segment.read.has_timestamp;
    if (stamps_peer && plan.peer_timestamp == 0) plan.peer_timestamp = segment.read.timestamp_value;
    // Else what is echoed of it.
    const bool echoes = is_from(segment, plan.subject) && segment.read.has_timestamp;
    if (echoes && plan.peer_timestamp == 0) plan.peer_timestamp = segment.read.timestamp_echo;
  }
  plan.subject_absent = !subject_seen;
  plan.peer_absent = !peer_seen;
  plan.has_handshake = plan.syn && plan.syn_ack;
  plan.subject_initial = earliest_of(ahead, plan.subject, initial_of(ahead, plan.subject));
  plan.peer_initial = earliest_of(ahead, plan.peer, initial_of(ahead, plan.peer));
  if (plan.syn && !plan.syn_ack) {
    const auto answer = std::find_if(ahead.begin(), ahead.end(), [&](const Segment& segment) {
      return is_from(segment, server);
    });
    plan.is_refused = answer != ahead.end() && answer->has(flag::rst);
  }
  if (plan.syn && plan.syn_ack) {
    const bool took = plan.syn_ack->ack != plan.syn->seq + 1;
    plan.gives_cookies = plan.syn_ack->read.fast_open_bytes.has_value();
    plan.is_conditional = (took && !plan.syn->payload.empty()) || !plan.syn_ack->payload.empty();
  }
  const bool went_on = std::any_of(ahead.begin(), ahead.end(), [&](const Segment& segment) {
    return is_from(segment, client) && !segment.has(flag::syn) && !segment.has(flag::rst) &&
           segment.has(flag::ack);
  });
  plan.makes_syn = as == Side::server && !plan.syn;
  plan.makes_syn_ack = as == Side::client && !plan.syn_ack && (went_on || !plan.syn);
  plan.mode =
      options.mode.value_or(plan.has_handshake && !plan.is_cut ? Mode::oracle : Mode::causal);
  if (plan.is_refused && !options.mode) plan.mode = Mode::oracle;
  plan.config = config_for(plan, ahead);
  return plan;
}

}  // namespace anteroom::replay
