// An option is agreed on when both SYNs carried it.
#include "stack/tcp/options.h"

#include <algorithm>
#include <bit>

#include "stack/tcp/ecn.h"

namespace anteroom {

PeerSyn peer_syn(const Segment& segment, const IpAddress& end) {
  const TcpOptions& seen = segment.options;
  PeerSyn syn{segment.seq, segment.window, {}, ecn_asked_by(segment.flags), segment.ecn};
  // An MSS of 0 would stop us for good; a small one only makes us slow, but below this floor the
  // headers outweigh the data by far (the least MSS that Linux sends for, too).
  constexpr std::uint16_t kMssMin = 48;
  syn.options.mss = seen.has_mss ? std::max(seen.mss, kMssMin) : default_mss(end);
  syn.options.has_mss = seen.has_mss;
  // RFC 7323 2.3: a shift above 14 counts as 14.
  if (seen.has_window_scale)
    syn.options.window_scale = std::min(seen.window_scale, kWindowScaleMax);
  syn.options.sack_permitted = seen.sack_permitted;
  syn.options.has_timestamp = seen.has_timestamp;
  syn.options.timestamp_value = seen.timestamp_value;
  syn.options.fast_open = seen.has_fast_open;
  return syn;
}

std::uint8_t scale_for(std::uint32_t bytes) {
  const int shift = static_cast<int>(std::bit_width(bytes)) - 16;
  return static_cast<std::uint8_t>(std::clamp<int>(shift, 0, kWindowScaleMax));
}

void agree(const SynOptions& peer, const TcpConfig& tcp, std::uint16_t mss,
           std::uint32_t receive_buffer_bytes, Agreed& agreed) {
  agreed = {};
  agreed.receive_mss = mss;
  agreed.send_mss = std::min(peer.mss, agreed.receive_mss);
  agreed.window_scale = tcp.window_scale && peer.window_scale.has_value();
  if (agreed.window_scale) {
    agreed.send_scale = *peer.window_scale;
    agreed.receive_scale = tcp.window_scale_announced.value_or(scale_for(receive_buffer_bytes));
  }
  agreed.timestamps = tcp.timestamps && peer.has_timestamp;
  agreed.sack = tcp.sack && peer.sack_permitted;
  agreed.scale_first = tcp.syn_option_order == SynOptionOrder::scale_first;
}

Agreed offer(const TcpConfig& tcp, std::uint16_t mss, std::uint32_t receive_buffer_bytes) {
  SynOptions everything;
  everything.window_scale = 0;
  everything.sack_permitted = true;
  everything.has_timestamp = true;
  Agreed agreed;
  agree(everything, tcp, mss, receive_buffer_bytes, agreed);
  return agreed;
}

void add_syn_options(const Agreed& agreed, TcpOptions& options) {
  options.has_mss = true;  // RFC 9293 3.7.1 [SHLD-5], [MAY-3]: always
  options.mss = agreed.receive_mss;
  options.sack_permitted = agreed.sack;
  options.has_timestamp = agreed.timestamps;
  options.has_window_scale = agreed.window_scale;
  options.window_scale = agreed.receive_scale;
  options.scale_first = agreed.scale_first;
}

std::size_t syn_ack_option_bytes(const SynOptions& answer_to, const TcpConfig& tcp) {
  const bool timestamps = tcp.timestamps && answer_to.has_timestamp;
  const bool sack = tcp.sack && answer_to.sack_permitted;
  const bool scale = tcp.window_scale && answer_to.window_scale.has_value();
  // Timestamps take 12 bytes, in whose padding SACK-permitted fits.
  return 4 + (timestamps ? 12 : sack ? 4 : 0) + (scale ? 4 : 0);
}

}  // namespace anteroom
