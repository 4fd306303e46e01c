// RFC 9293 3.10.7.1.
#include "stack/tcp/stateless.h"

namespace anteroom {

std::optional<OutgoingSegment> reset_for(const Segment& segment) {
  if (segment.has(tcp_flag::rst)) return std::nullopt;
  OutgoingSegment reset;
  if (segment.has(tcp_flag::ack)) {
    reset.seq = segment.ack;
    reset.flags = tcp_flag::rst;
  } else {
    reset.ack = segment.end();
    reset.flags = tcp_flag::rst | tcp_flag::ack;
  }
  return reset;
}

OutgoingSegment reset_for_syn(Seq irs, std::uint32_t data_bytes) {
  OutgoingSegment reset;
  reset.ack = irs + 1 + data_bytes;
  reset.flags = tcp_flag::rst | tcp_flag::ack;
  return reset;
}

}  // namespace anteroom
