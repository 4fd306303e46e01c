// The floor: what no stack on a TAP can be faster than. Answers each SYN with a SYN-ACK and each
// byte with itself from the frame that came in, keeps no state, checks nothing, and is of no other
// use.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <anteroom/tap/tap_device.h>

#include "benchmarks/tap/pin.h"
#include "stack/base/bytes.h"
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp_header.h"

namespace anteroom::benchmarks {
namespace {

constexpr MacAddress kMac{{0x02, 0, 0, 0, 0, 1}};
constexpr IpAddress kAddress = IpAddress::v4(192, 0, 2, 1);
constexpr std::size_t kIpAt = kEthernetHeaderBytes;
constexpr std::size_t kTcpAt = kIpAt + kIpv4HeaderBytes;
constexpr std::uint32_t kInitialSequence = 1;

using Frame = std::array<std::uint8_t, 2'048>;

std::size_t answer_arp(const Frame& in, std::size_t size, Frame& out) {
  const auto arp = parse_arp(Bytes(in).subspan(kEthernetHeaderBytes, size - kEthernetHeaderBytes));
  if (!arp || arp->operation != ArpOperation::request || arp->target_ip != kAddress) return 0;
  emit_ethernet({arp->sender_mac, kMac, kEtherTypeArp}, out);
  emit_arp({ArpOperation::reply, kMac, kAddress, arp->sender_mac, arp->sender_ip},
           MutableBytes(out).subspan(kEthernetHeaderBytes));
  return kEthernetHeaderBytes + kArpBytes;
}

// The answer is the question with its ends exchanged: addresses and ports trade places, so their
// part of the checksums stays.
std::size_t answer_segment(const Frame& in, std::size_t size, Frame& out) {
  const std::uint8_t* ip = in.data() + kIpAt;
  const std::uint8_t* tcp = in.data() + kTcpAt;
  const std::uint16_t flags = tcp[13];
  const std::size_t header = static_cast<std::size_t>(tcp[12] >> 4) * 4;
  const std::size_t total = load_be16(ip + 2);
  if (ip[9] != kProtocolTcp || total + kIpAt > size || kIpv4HeaderBytes + header > total) return 0;
  const std::size_t data = total - kIpv4HeaderBytes - header;
  const bool syn = (flags & tcp_flag::syn) != 0;
  if ((flags & tcp_flag::rst) != 0 || (!syn && data == 0)) return 0;

  emit_ethernet({MacAddress{{in[6], in[7], in[8], in[9], in[10], in[11]}}, kMac, kEtherTypeIpv4},
                out);
  const TcpHeader reply{
      .source_port = load_be16(tcp + 2),
      .destination_port = load_be16(tcp),
      .seq = syn ? kInitialSequence : load_be32(tcp + 8),
      .ack = load_be32(tcp + 4) + static_cast<std::uint32_t>(data) + (syn ? 1 : 0),
      .flags = static_cast<std::uint16_t>(syn ? tcp_flag::syn | tcp_flag::ack
                                              : tcp_flag::psh | tcp_flag::ack),
      .window = 65'535};
  TcpOptions options;
  options.has_mss = syn;
  options.mss = 1'460;
  const Written written = emit_tcp(reply, options, MutableBytes(out).subspan(kTcpAt));
  copy_bytes(MutableBytes(out).subspan(kTcpAt + written.bytes), Bytes(tcp + header, data));
  const std::size_t segment = written.bytes + data;
  const IpAddress client = IpAddress::v4(load_be32(ip + 12));
  emit_ipv4({.source = kAddress,
             .destination = client,
             .protocol = kProtocolTcp,
             .dont_fragment = true,
             .payload_bytes = static_cast<std::uint16_t>(segment)},
            MutableBytes(out).subspan(kIpAt));
  finish_tcp_checksum(MutableBytes(out).subspan(kTcpAt, segment), written,
                      pseudo_header_sum(kAddress, client, kProtocolTcp, segment));
  return kTcpAt + segment;
}

std::size_t answer(const Frame& in, std::size_t size, Frame& out) {
  if (size < kTcpAt) return 0;
  const std::uint16_t type = load_be16(in.data() + 12);
  if (type == kEtherTypeArp) return answer_arp(in, size, out);
  if (type != kEtherTypeIpv4 || size < kTcpAt + kTcpHeaderBytes) return 0;
  return answer_segment(in, size, out);
}

int serve(const std::string& name, bool busy_poll) {
  auto device = tap::TapDevice::open(
      {.name = name, .host_addresses = {{IpAddress::v4(192, 0, 2, 2), 24}}, .mtu = {}});
  if (!device) {
    std::fprintf(stderr, "tap_floor: %s\n", device.error().sentence.c_str());
    return 2;
  }
  const int descriptor = (*device)->descriptor();
  Frame in;
  Frame out;
  say_ready();
  while (stop_requested == 0) {
    if (!busy_poll) {
      pollfd waited{descriptor, POLLIN, 0};
      poll(&waited, 1, -1);
    }
    const ssize_t size = read(descriptor, in.data(), in.size());
    if (size <= 0) continue;
    const std::size_t reply = answer(in, static_cast<std::size_t>(size), out);
    if (reply > 0 && write(descriptor, out.data(), reply) < 0) return 2;
  }
  return 0;
}

}  // namespace
}  // namespace anteroom::benchmarks

int main(int argument_count, char** arguments) {
  CLI::App program("Answers SYNs on a bare TAP: the floor of every stack on one");
  std::string name = "tap0";
  int processor = -1;
  bool busy_poll = false;
  program.add_option("--tap", name, "device to make");
  program.add_option("--processor", processor, "to stay on");
  program.add_flag("--busy-poll", busy_poll, "never sleep");
  CLI11_PARSE(program, argument_count, arguments);
  anteroom::benchmarks::pin_to(processor);
  anteroom::benchmarks::stop_on_sigterm();
  return anteroom::benchmarks::serve(name, busy_poll);
}
