// Marked connect data: what the option of a SYN and a SYN-ACK says, and the bytes in front of the
// stream that are not the stream's. conditional-accept 3. Not here: how much of it a SYN-ACK takes
// (accept/connect_data.cc), verdicts.
#include "stack/accept/connect_data.h"

#include <algorithm>

#include "stack/parts.h"

namespace anteroom {

// Our SYN and SYN-ACK say how much is marked.
void Stack::Parts::write_marking(const ConnectionSlot& slot, OutgoingSegment& segment) const {
  if ((segment.flags & tcp_flag::syn) == 0) return;
  const bool later = slot.connect_data.marking == Marking::in_stream;
  segment.options.has_connect_data = true;
  segment.options.connect_data_bytes = later ? kConnectDataInStream : slot.tcp.syn_payload_bytes();
}

// The server has answered our SYN, or the connection is over.
void Stack::Parts::learn_marking(ConnectionSlot& slot, const Segment& segment) {
  if (slot.tcp.state() == State::syn_sent || slot.tcp.failure()) return;
  const TcpOptions& options = segment.options;
  const bool in_stream = options.connect_data_bytes == kConnectDataInStream;
  const bool known = options.has_connect_data && segment.has(tcp_flag::syn) &&
                     segment.has(tcp_flag::ack) &&
                     (in_stream || options.connect_data_bytes <= kMarkedBytesMax);
  if (known) {
    slot.connect_data.marking = in_stream ? Marking::in_stream : Marking::agreed;
    if (!in_stream) slot.connect_data.bytes = options.connect_data_bytes & ConnectData::kBytesMask;
    ++stats.marked_connections;
    if (in_stream) slot.tcp.repeat_mark();
    return;
  }
  slot.connect_data.marking = Marking::none;
  if (!slot.connect_data.required) return;
  slot.tcp.abort(Error::not_marked, ctx);
  // To its owner it was never connected.
  slot.tcp.clear_signal(kSignalConnected);
  slot.tcp.clear_signal(kSignalReadable);
}

// A client whose response data is still to come hears of nothing else. True where it may.
bool Stack::Parts::may_tell(ConnectionSlot& slot) {
  const bool client = slot.connect_data.marking >= Marking::agreed && !slot.listener.is_set();
  if (!client || slot.tcp.is_over() || slot.tcp.failure()) return true;
  read_connect_data_length(slot);
  const bool ended = slot.tcp.state() != State::established &&
                     slot.tcp.state() != State::fin_wait_1 && slot.tcp.state() != State::fin_wait_2;
  if (!is_connect_data_whole(slot) && !ended) return false;
  // Not the stream's; but where it fills the buffer, no byte of the stream can come and say so.
  const bool fills = slot.connect_data.bytes > ctx.receive_capacity_initial / 2;
  if (!fills && slot.tcp.peek(slot.connect_data.bytes).empty()) {
    slot.tcp.clear_signal(kSignalReadable);
  }
  return true;
}

void Stack::Parts::read_connect_data_length(ConnectionSlot& slot) {
  if (slot.connect_data.marking != Marking::in_stream || slot.listener.is_set()) return;
  const Bytes front = slot.tcp.peek(0);  // in one piece: nothing was read yet
  if (front.size() < kLengthBytes) return;
  const std::uint16_t bytes = load_be16(front.data());
  if (bytes > kMarkedBytesMax) return slot.tcp.abort(Error::not_marked, ctx);
  slot.tcp.skip(kLengthBytes, ctx);
  slot.connect_data.marking = Marking::agreed;
  slot.connect_data.bytes = bytes & ConnectData::kBytesMask;
}

bool Stack::Parts::is_connect_data_whole(const ConnectionSlot& slot) const {
  if (slot.connect_data.bytes == 0) {
    return slot.connect_data.marking != Marking::in_stream || slot.listener.is_set();
  }
  return slot.tcp.readable_bytes() >= slot.connect_data.bytes;
}

// The owner reads the stream: what is in front of it is given up. False where it is not whole yet.
bool Stack::Parts::pass_connect_data(ConnectionSlot& slot) {
  if (!is_connect_data_whole(slot) && slot.tcp.may_receive()) return false;
  const std::uint32_t here = slot.tcp.readable_bytes();
  slot.tcp.skip(std::min<std::uint32_t>(slot.connect_data.bytes, here), ctx);
  slot.connect_data.bytes = 0;
  return true;
}

Result<std::size_t> Stack::receive_connect_data(Instant now, ConnectionId connection,
                                                MutableBytes out) {
  (void)now;
  ConnectionSlot* slot = parts_->find_owned(connection);
  if (slot == nullptr) return Failure{Error::stale_id};
  if (!parts_->is_connect_data_whole(*slot)) {
    if (slot->tcp.may_receive()) return Failure{Error::would_block};
    return Failure{slot->tcp.failure().value_or(Error::direction_closed)};
  }
  const std::size_t bytes = slot->connect_data.bytes;
  if (bytes == 0) return std::size_t{0};
  if (bytes > out.size()) return Failure{Error::too_large, bytes};
  auto taken = slot->tcp.receive_into(out.first(bytes), parts_->ctx);
  slot->connect_data.bytes = 0;
  parts_->settle(connection.index);
  return taken;
}

}  // namespace anteroom
