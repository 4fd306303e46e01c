// Linux's numbers for states and options, and those that the other dialect gives its names.
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string_view>
#include <unordered_map>

#include "conformance/runner/outcome.h"
#include "conformance/runner/symbols.h"
#include "conformance/runner/tcp_info_fields.h"
#include "conformance/runner/tcp_info_read.h"

namespace anteroom::runner {
namespace {

constexpr std::string_view kNotCounted[] = {
    "tcpi_ato",
    "tcpi_retrans",
    "tcpi_fackets",
    "tcpi_last_data_sent",
    "tcpi_last_ack_sent",
    "tcpi_last_data_recv",
    "tcpi_last_ack_recv",
    "tcpi_pmtu",
    "tcpi_reordering",
    "tcpi_rcv_rtt",
    "tcpi_pacing_rate",
    "tcpi_max_pacing_rate",
    "tcpi_segs_out",
    "tcpi_segs_in",
    "tcpi_data_segs_in",
    "tcpi_data_segs_out",
    "tcpi_delivery_rate",
    "tcpi_busy_time",
    "tcpi_rwnd_limited",
    "tcpi_sndbuf_limited",
    "tcpi_bytes_sent",
    "tcpi_bytes_retrans",
    "tcpi_dsack_dups",
    "tcpi_rcv_ooopack",
    "tcpi_fastopen_client_fail",
};

}  // namespace

std::optional<std::int64_t> tcp_info_field(PosixSockets& sockets, int fd, const std::string& name) {
  std::vector<std::uint8_t> bytes(512);
  auto length = static_cast<socklen_t>(bytes.size());
  if (sockets.getsockopt(fd, IPPROTO_TCP, TCP_INFO, bytes.data(), &length) != 0) {
    throw Failed("TCP_INFO answers " + errno_name(errno));
  }
  // A 0 that only means "not counted" would judge the stack by nothing.
  if (std::find(std::begin(kNotCounted), std::end(kNotCounted), name) != std::end(kNotCounted)) {
    throw Skipped("the stack does not count " + name);
  }
  bytes.resize(length);
  return field_of(bytes, name);
}

std::optional<std::int64_t> tcp_info_constant(const std::string& name) {
  static const std::unordered_map<std::string_view, std::int64_t> table{
      {"TCP_ESTABLISHED", 1},    {"TCP_SYN_SENT", 2},
      {"TCP_SYN_RECV", 3},       {"TCP_FIN_WAIT1", 4},
      {"TCP_FIN_WAIT2", 5},      {"TCP_TIME_WAIT", 6},
      {"TCP_CLOSE", 7},          {"TCP_CLOSE_WAIT", 8},
      {"TCP_LAST_ACK", 9},       {"TCP_LISTEN", 10},
      {"TCP_CLOSING", 11},       {"TCPI_ESTABLISHED", 1},
      {"TCPI_SYN_SENT", 2},      {"TCPI_SYN_RECEIVED", 3},
      {"TCPI_FIN_WAIT_1", 4},    {"TCPI_FIN_WAIT_2", 5},
      {"TCPI_TIME_WAIT", 6},     {"TCPI_CLOSED", 7},
      {"TCPI_CLOSE_WAIT", 8},    {"TCPI_LAST_ACK", 9},
      {"TCPI_LISTEN", 10},       {"TCPI_CLOSING", 11},
      {"TCP_CA_Open", 0},        {"TCP_CA_Disorder", 1},
      {"TCP_CA_CWR", 2},         {"TCP_CA_Recovery", 3},
      {"TCP_CA_Loss", 4},        {"TCPI_OPT_TIMESTAMPS", 1},
      {"TCPI_OPT_SACK", 2},      {"TCPI_OPT_WSCALE", 4},
      {"TCPI_OPT_ECN", 8},       {"TCPI_OPT_ECN_SEEN", 16},
      {"TCPI_OPT_SYN_DATA", 32}, {"TCP_INFINITE_SSTHRESH", 0x7fffffff},
  };
  const auto found = table.find(name);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

}  // namespace anteroom::runner
