// The switch knows where every link address is; it answers for a path whose MTU is small.
#include "conformance/simulation/world.h"

#include <algorithm>

#include <fmt/format.h>

#include <anteroom/testing/pair.h>

#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmpv4.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ip.h"

namespace anteroom::simulation {
namespace {

constexpr std::uint8_t kSwitchNumber = 254;

MacAddress mac_of(std::uint8_t number) { return {{0x02, 0, 0, 0, 0, number}}; }

}  // namespace

Config host_config(std::size_t index, std::uint64_t seed) {
  const auto number = static_cast<std::uint8_t>(index + 1);
  Config config;
  config.interface.mac = mac_of(number);
  config.interface.addresses = {{IpAddress::v4(192, 0, 2, number), 24}};
  Dice dice(seed, 10 + number);
  for (std::uint8_t& octet : config.seed) octet = static_cast<std::uint8_t>(dice.next() >> 56);
  return config;
}

Prefix ipv6_of_host(std::size_t index) {
  return {testing::address_v6(static_cast<std::uint8_t>(index + 1)), 64};
}

World::World(const std::vector<HostOptions>& hosts, std::uint64_t seed, Watcher* watcher,
             Trace& trace)
    : watcher_(watcher), trace_(trace) {
  std::size_t frame_bytes_max = 0;
  for (const HostOptions& options : hosts) {
    hosts_.push_back(std::make_unique<Host>(options, seed, hosts_.size()));
    frame_bytes_max = std::max(frame_bytes_max, hosts_.back()->stack.frame_bytes_max());
  }
  buffer_.resize(frame_bytes_max);
}

std::optional<Instant> World::next_instant() const {
  std::optional<Instant> next;
  if (!transit_.empty()) next = transit_.front().due;
  for (const auto& host : hosts_) {
    const auto deadline = host->stack.next_deadline();
    if (deadline && (!next || deadline->at < *next)) next = deadline->at;
  }
  if (next) next = std::max(*next, now_);
  return next;
}

void World::move_to(Instant at) {
  now_ = std::max(now_, at);
  while (!transit_.empty() && transit_.front().due <= now_) {
    Transit arrived = take();
    arrived.place == Place::at_switch ? at_switch(arrived) : at_host(arrived);
    spare_buffers_.push_back(std::move(arrived.frame));
  }
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const auto deadline = stack(i).next_deadline();
    if (!deadline || deadline->at > now_) continue;
    if (trace_.is_on()) {
      trace_.note(now_, fmt::format("host {} timer {}", i, to_string(deadline->timer)));
    }
    stack(i).advance(now_);
    if (watcher_ != nullptr) watcher_->after_call(i);
  }
}

bool World::send_frames(std::size_t host) {
  bool any = false;
  while (const std::size_t size = stack(host).next_frame(now_, buffer_)) {
    any = true;
    const MutableBytes frame = MutableBytes(buffer_).first(size);
    if (watcher_ != nullptr) {
      watcher_->on_frame_out(host, frame);
      watcher_->after_call(host);
    }
    carry({up(host), Place::at_switch, host, host}, frame);
  }
  return any;
}

void World::put(Transit&& transit, Bytes frame) {
  transit.order = order_++;
  if (!spare_buffers_.empty()) {
    transit.frame = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  transit.frame.assign(frame.begin(), frame.end());
  transit_.push_back(std::move(transit));
  std::push_heap(transit_.begin(), transit_.end(), is_later);
}

World::Transit World::take() {
  std::pop_heap(transit_.begin(), transit_.end(), is_later);
  Transit earliest = std::move(transit_.back());
  transit_.pop_back();
  return earliest;
}

void World::carry(const Leg& leg, MutableBytes frame) {
  const Passage passage = leg.pipe.offer(now_, frame, leg.damaged);
  const bool arrives = passage.fate == Fate::carried || passage.fate == Fate::corrupted;
  const bool leaves = leg.place == Place::at_switch;
  if (trace_.is_on() && (leaves || !arrives)) {
    const bool plain = passage.fate == Fate::carried && !passage.due_again;
    trace_.frame(now_, fmt::format("host {} {}", leg.host, leaves ? "sends   " : "misses  "), frame,
                 plain ? "" : (passage.due_again ? "duplicated" : to_string(passage.fate)));
  }
  if (passage.fate == Fate::too_big && leg.pipe.options().mtu_honest) {
    answer_too_big(leg.sender, frame, leg.pipe.options().mtu);
  }
  if (!arrives) return;
  const bool damaged = leg.damaged || passage.fate == Fate::corrupted;
  put({passage.due, 0, leg.place, leg.host, damaged, {}}, frame);
  if (passage.due_again) put({*passage.due_again, 0, leg.place, leg.host, damaged, {}}, frame);
}

void World::at_switch(Transit& arrived) {
  if (arrived.frame.size() < kEthernetHeaderBytes) return;
  const MacAddress to = parse_ethernet(arrived.frame)->destination;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const bool wanted = to.is_group() || stack(i).config().interface.mac == to;
    if (i == arrived.host || !wanted) continue;
    const Leg leg{down(i), Place::at_host, i, arrived.host, arrived.damaged};
    if (!to.is_group()) return carry(leg, arrived.frame);
    std::vector<std::uint8_t> copy = arrived.frame;  // each pipe has mishaps of its own
    carry(leg, copy);
  }
}

void World::at_host(const Transit& arrived) {
  if (trace_.is_on()) {
    trace_.frame(now_, fmt::format("host {} receives", arrived.host), arrived.frame, "");
  }
  if (watcher_ != nullptr) watcher_->on_frame_in(arrived.host, arrived.frame);
  stack(arrived.host).receive(now_, arrived.frame);
  if (watcher_ != nullptr) watcher_->after_call(arrived.host);
}

// RFC 1191 4, RFC 8201 4: what a router says whose next link is too narrow.
void World::answer_too_big(std::size_t sender, Bytes frame, std::uint16_t mtu) {
  const Bytes packet_bytes = frame.subspan(kEthernetHeaderBytes);
  const auto packet = parse_ip(packet_bytes);
  if (!packet) return;
  const bool v4 = packet->header.is_v4();
  if (v4 && !packet->header.dont_fragment) return;
  const std::size_t header_bytes = ip_header_bytes(packet->header.source);
  const std::size_t quoted =
      v4 ? header_bytes + 8 : std::min<std::size_t>(packet_bytes.size(), 1'232);
  std::vector<std::uint8_t> answer(kEthernetHeaderBytes + header_bytes + kIcmpHeaderBytes + quoted);
  const MutableBytes out(answer);
  emit_ethernet({stack(sender).config().interface.mac, mac_of(kSwitchNumber),
                 v4 ? kEtherTypeIpv4 : kEtherTypeIpv6},
                out);
  IpHeader header;
  header.source = v4 ? IpAddress::v4(192, 0, 2, kSwitchNumber) : testing::address_v6(kSwitchNumber);
  header.destination = packet->header.source;
  header.protocol = v4 ? kProtocolIcmp : kProtocolIcmpv6;
  header.payload_bytes = static_cast<std::uint16_t>(kIcmpHeaderBytes + quoted);
  (void)emit_ip(header, out.subspan(kEthernetHeaderBytes));
  const std::uint8_t type = v4 ? static_cast<std::uint8_t>(IcmpType::unreachable)
                               : static_cast<std::uint8_t>(Icmpv6Type::packet_too_big);
  const std::uint16_t pseudo_sum = v4 ? std::uint16_t{0}
                                      : pseudo_header_sum(header.source, header.destination,
                                                          header.protocol, header.payload_bytes);
  (void)emit_icmp({type, v4 ? kUnreachableFragmentationNeeded : std::uint8_t{0}, mtu,
                   packet_bytes.first(quoted)},
                  out.subspan(kEthernetHeaderBytes + header_bytes), pseudo_sum);
  carry({down(sender), Place::at_host, sender, sender}, answer);
}

}  // namespace anteroom::simulation
