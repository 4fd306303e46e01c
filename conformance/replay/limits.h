// Every bound of a replay, in one place: what it holds does not grow with the capture's length.
#pragma once

#include <cstdint>

#include <anteroom/time.h>

namespace anteroom::replay {

struct ReplayLimits {
  // Connections under way at once; with one more, the one that was silent longest is ended.
  std::uint32_t connections_max = 1'024;
  // A connection that both ends have closed, or one has reset, is ended after so long a silence.
  Duration closed_silence = 10s;
  // Of each connection, read before it is played: segments, and bytes of their payload.
  std::uint32_t lookahead_segments_max = 64;
  std::uint32_t lookahead_bytes_max = 256u << 10;
  // Of those, segments of the played host that may be taken before their turn, where the capture
  // has an acknowledgment before what it acknowledges.
  std::uint32_t reordered_segments_max = 16;
  // Bytes kept of each stream, to compare and to write: what nobody has acknowledged yet.
  std::uint32_t stream_bytes_max = 4u << 20;
  // Segments kept that came before the one in front of them, of one direction, and their bytes.
  std::uint32_t out_of_order_segments_max = 256;
  std::uint32_t out_of_order_bytes_max = 1u << 20;
  // Zeros that may stand in for what the capture does not have, of one connection.
  std::uint64_t stand_in_bytes_max = 64u << 20;
  // Marks kept to compare: segment ends, retransmissions, acknowledgments, time-stamps.
  std::uint32_t marks_max = 1'024;
  // Divergences told of one connection in one tier; the others are counted.
  std::uint32_t divergences_per_tier_max = 16;
  // Caller data shown.
  std::uint32_t caller_data_bytes_max = 64u << 10;
  // Timers served between two packets, of one connection in all, and the longest time that may pass
  // between two packets. A longer gap is cut and counted.
  std::uint32_t steps_per_gap_max = 4'096;
  std::uint32_t steps_max = 1u << 20;
  Duration gap_max = 24h;
  // How long a packet waits for the stack to send what it acknowledges.
  Duration release_wait_max = 2s;
  // Datagrams being reassembled, and their bytes.
  std::uint32_t reassemblies_max = 64;
  std::uint32_t reassembly_bytes_max = 4u << 20;
  // Segments kept to be drawn, of both ends and the stack: of one connection, of all that are under
  // way in a capture, and on a page; and the connections that a page lists.
  std::uint32_t picture_segments_max = 3'000;
  std::uint32_t picture_segments_total_max = 60'000;
  std::uint32_t page_segments_max = 60'000;
  std::uint32_t page_connections_max = 1'000;
};

}  // namespace anteroom::replay
