// TCP_INFO in the layout of Linux. What the stack does not count stays 0. A file of its own,
// because <linux/tcp.h> and <netinet/tcp.h> do not stand each other.
#include <linux/tcp.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "stack/api/posix/linux_tcp_info.h"
#include "stack/api/posix/options.h"

namespace anteroom::posix {
namespace {

static_assert(sizeof(LinuxTcpInfo) == sizeof(tcp_info));
static_assert(offsetof(LinuxTcpInfo, rtt) == offsetof(tcp_info, tcpi_rtt));
static_assert(offsetof(LinuxTcpInfo, bytes_acked) == offsetof(tcp_info, tcpi_bytes_acked));
static_assert(offsetof(LinuxTcpInfo, delivered) == offsetof(tcp_info, tcpi_delivered));
static_assert(offsetof(LinuxTcpInfo, snd_wnd) == offsetof(tcp_info, tcpi_snd_wnd));

// enum tcp_state of Linux.
std::uint8_t linux_state(State state) {
  switch (state) {
    case State::established: return 1;
    case State::syn_sent: return 2;
    case State::syn_received: return 3;
    case State::fin_wait_1: return 4;
    case State::fin_wait_2: return 5;
    case State::time_wait: return 6;
    case State::closed: return 7;
    case State::close_wait: return 8;
    case State::last_ack: return 9;
    case State::listen: return 10;
    case State::closing: return 11;
  }
  return 7;
}

std::uint32_t microseconds(Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::uint32_t>::max()));
}

// Linux counts windows in segments.
std::uint32_t segments(std::uint32_t bytes, std::uint32_t mss) {
  return mss == 0 ? 0 : bytes / mss;
}

// enum tcp_ca_state of Linux; CWR is none of its own here.
std::uint8_t linux_phase(RecoveryPhase phase) {
  switch (phase) {
    case RecoveryPhase::open: return 0;
    case RecoveryPhase::disorder: return 1;
    case RecoveryPhase::recovery: return 3;
    case RecoveryPhase::loss: return 4;
  }
  return 0;
}

std::uint8_t options_of(const ConnectionInfo& info) {
  unsigned options = 0;
  if (info.timestamps) options |= TCPI_OPT_TIMESTAMPS;
  if (info.sack) options |= TCPI_OPT_SACK;
  if (info.window_scale) options |= TCPI_OPT_WSCALE;
  if (info.ecn != EcnMode::none) options |= TCPI_OPT_ECN;
  if (info.fast_open) options |= TCPI_OPT_SYN_DATA;
  return static_cast<std::uint8_t>(options);
}

void fill(const ConnectionInfo& info, tcp_info& out) {
  out.tcpi_state = linux_state(info.state);
  out.tcpi_ca_state = linux_phase(info.recovery);
  out.tcpi_retransmits = out.tcpi_backoff = info.retries;
  out.tcpi_probes = info.unanswered_probes;
  out.tcpi_options = options_of(info);
  if (info.window_scale) {
    out.tcpi_snd_wscale = info.send_scale & 15;
    out.tcpi_rcv_wscale = info.receive_scale & 15;
  }
  out.tcpi_rto = microseconds(info.retransmission_timeout);
  out.tcpi_snd_mss = info.send_mss;
  out.tcpi_rcv_mss = info.receive_mss;
  out.tcpi_advmss = info.receive_mss;
  out.tcpi_unacked = info.segments_in_flight;
  out.tcpi_sacked = info.segments_sacked;
  out.tcpi_lost = info.segments_lost;
  out.tcpi_rtt = microseconds(info.smoothed_rtt);
  out.tcpi_rttvar = microseconds(info.rtt_variance);
  out.tcpi_min_rtt = microseconds(info.rtt_minimum);
  out.tcpi_snd_cwnd = segments(info.congestion_window_bytes, info.send_mss);
  out.tcpi_snd_ssthresh = segments(info.slow_start_threshold_bytes, info.send_mss);
  out.tcpi_snd_wnd = info.send_window_bytes;
  out.tcpi_rcv_space = info.receive_buffer_bytes;
  out.tcpi_rcv_ssthresh = info.receive_window_bytes;
  out.tcpi_total_retrans = info.segments_retransmitted;
  out.tcpi_bytes_acked = info.bytes_sent;
  out.tcpi_bytes_received = info.bytes_received;
  out.tcpi_notsent_bytes = info.send_queued_bytes - info.unacknowledged_bytes;
  out.tcpi_delivered = info.segments_delivered;
  out.tcpi_delivered_ce = info.segments_marked;
  out.tcpi_reord_seen = info.reordering_seen ? 1 : 0;
}

}  // namespace

std::size_t write_tcp_info(Layer& layer, const Socket& socket, MutableBytes out) {
  tcp_info linux_info{};
  linux_info.tcpi_state = linux_state(State::closed);
  if (socket.phase == Phase::listening) {
    linux_info.tcpi_state = linux_state(State::listen);
    // Of a listener Linux tells how many wait, and how many may.
    linux_info.tcpi_unacked =
        static_cast<std::uint32_t>(socket.requests.size() + socket.arrived.size());
    linux_info.tcpi_sacked = socket.backlog;
  } else if (const auto info = layer.stack().connection_info(socket.connection)) {
    fill(*info, linux_info);
  }
  const std::size_t size = std::min(out.size(), sizeof linux_info);
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&linux_info), size, out.begin());
  return size;
}

}  // namespace anteroom::posix
