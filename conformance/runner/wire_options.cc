// TCP options of a script as bytes of the wire.
#include "conformance/runner/outcome.h"
#include "conformance/runner/packets.h"

namespace anteroom::runner {
namespace {

using script::OptionKind;
using script::TcpOptionItem;

constexpr std::uint16_t kFastOpenExId = 0xf989;
constexpr std::uint16_t kAckRateExId = 0x00ac;
constexpr std::uint32_t kConnectDataExId = 0x616e7465;

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

LiveOption option_of(std::uint8_t kind, const std::vector<std::uint32_t>& numbers, int each) {
  LiveOption option{kind};
  for (const std::uint32_t number : numbers) put(option.data, number, each);
  return option;
}

// Of kind 254, with nothing but the ExID yet.
LiveOption experimental(std::uint16_t ex_id) {
  LiveOption option{254};
  put(option.data, ex_id, 2);
  return option;
}

LiveOption experimental(std::uint16_t ex_id, const std::vector<std::uint8_t>& bytes) {
  LiveOption option = experimental(ex_id);
  for (const std::uint8_t byte : bytes) option.data.push_back(byte);
  return option;
}

LiveOption experimental(std::uint16_t ex_id, const std::vector<std::uint32_t>& numbers, int each) {
  LiveOption option = experimental(ex_id);
  for (const std::uint32_t number : numbers) put(option.data, number, each);
  return option;
}

LiveOption raw(const std::vector<std::uint8_t>& bytes) {
  if (bytes.empty()) throw Failed("raw option bytes need a kind");
  LiveOption option{bytes[0]};
  option.data = bytes;
  option.raw = true;
  return option;
}

// What tells the live echo of a time-stamp that the script calls `echo`.
std::uint32_t live_echo(const TcpOptionItem& item, const Flow& flow, bool acknowledges) {
  const std::uint32_t echo = item.numbers[1];
  if (!acknowledges || item.literal_echo) return echo;
  const auto known = flow.stamps.find(echo);
  if (known == flow.stamps.end()) {
    throw Failed("no segment went out with the time-stamp " + std::to_string(echo) +
                 " that is echoed here");
  }
  return known->second;
}

LiveOption sack_of(const TcpOptionItem& item, const Flow& flow, bool inbound) {
  std::vector<std::uint32_t> edges;
  for (const std::uint32_t number : item.numbers) {
    edges.push_back(inbound ? flow.local_live({number}, false) : flow.remote_live({number}, false));
  }
  return option_of(5, edges, 4);
}

LiveOption marked(const TcpOptionItem& item) {
  LiveOption option{253};
  put(option.data, kConnectDataExId, 4);
  put(option.data, item.numbers[0], 2);
  return option;
}

LiveOption one(const TcpOptionItem& item, const script::TcpPacket& tcp, const Flow& flow,
               bool inbound) {
  switch (item.kind) {
    case OptionKind::end: return {0};
    case OptionKind::no_operation: return {1};
    case OptionKind::mss: return option_of(2, item.numbers, 2);
    case OptionKind::window_scale: return option_of(3, item.numbers, 1);
    case OptionKind::sack_permitted: return {4};
    case OptionKind::sack: return sack_of(item, flow, inbound);
    case OptionKind::timestamp: {
      const bool echoes = inbound && (tcp.flags & kAck) != 0;
      if (item.any_value && inbound) throw Failed("a time-stamp that goes in needs its value");
      return option_of(8, {item.numbers[0], live_echo(item, flow, echoes)}, 4);
    }
    case OptionKind::md5:
      if (item.bytes.empty()) throw Skipped("the stack has no TCP MD5 signatures (RFC 2385)");
      return {19, item.bytes};
    case OptionKind::fast_open: return {34, item.bytes};
    case OptionKind::fast_open_experimental: return experimental(kFastOpenExId, item.bytes);
    case OptionKind::acc_ecn0: return option_of(172, item.numbers, 3);
    case OptionKind::acc_ecn1: return option_of(174, item.numbers, 3);
    case OptionKind::acc_ecn0_experimental: return experimental(0xacc0, item.numbers, 3);
    case OptionKind::acc_ecn1_experimental: return experimental(0xacc1, item.numbers, 3);
    case OptionKind::ack_rate: {
      std::vector<std::uint32_t> rate;
      if (!item.numbers.empty()) rate.push_back(item.numbers[0] << 1);
      return experimental(kAckRateExId, rate, 1);
    }
    case OptionKind::connect_data: return marked(item);
    case OptionKind::generic: return {item.wire_kind, item.bytes};
    case OptionKind::generic_experimental:
      return experimental(static_cast<std::uint16_t>(item.numbers[0]), item.bytes);
    case OptionKind::raw: return raw(item.bytes);
  }
  return {};
}

}  // namespace

std::vector<LiveOption> live_options(const script::TcpPacket& tcp, const Flow& flow, bool inbound) {
  std::vector<LiveOption> options;
  for (const TcpOptionItem& item : tcp.options) options.push_back(one(item, tcp, flow, inbound));
  return options;
}

}  // namespace anteroom::runner
