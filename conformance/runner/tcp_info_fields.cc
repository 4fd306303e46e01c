// A file of its own, because <linux/tcp.h> and <netinet/tcp.h> do not stand each other: what the
// sockets write is Linux's layout.
#include <linux/tcp.h>

#include <algorithm>
#include <string_view>

#include "conformance/runner/tcp_info_read.h"

namespace anteroom::runner {
namespace {

using Field = std::int64_t (*)(const tcp_info&);

struct NamedField {
  std::string_view name;
  Field field;
};

constexpr NamedField kFields[] = {
    {"tcpi_state", [](const tcp_info& info) { return std::int64_t(info.tcpi_state); }},
    {"tcpi_ca_state", [](const tcp_info& info) { return std::int64_t(info.tcpi_ca_state); }},
    {"tcpi_retransmits", [](const tcp_info& info) { return std::int64_t(info.tcpi_retransmits); }},
    {"tcpi_probes", [](const tcp_info& info) { return std::int64_t(info.tcpi_probes); }},
    {"tcpi_backoff", [](const tcp_info& info) { return std::int64_t(info.tcpi_backoff); }},
    {"tcpi_options", [](const tcp_info& info) { return std::int64_t(info.tcpi_options); }},
    {"tcpi_snd_wscale", [](const tcp_info& info) { return std::int64_t(info.tcpi_snd_wscale); }},
    {"tcpi_rcv_wscale", [](const tcp_info& info) { return std::int64_t(info.tcpi_rcv_wscale); }},
    {"tcpi_delivery_rate_app_limited",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_delivery_rate_app_limited); }},
    {"tcpi_fastopen_client_fail",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_fastopen_client_fail); }},
    {"tcpi_rto", [](const tcp_info& info) { return std::int64_t(info.tcpi_rto); }},
    {"tcpi_ato", [](const tcp_info& info) { return std::int64_t(info.tcpi_ato); }},
    {"tcpi_snd_mss", [](const tcp_info& info) { return std::int64_t(info.tcpi_snd_mss); }},
    {"tcpi_rcv_mss", [](const tcp_info& info) { return std::int64_t(info.tcpi_rcv_mss); }},
    {"tcpi_unacked", [](const tcp_info& info) { return std::int64_t(info.tcpi_unacked); }},
    {"tcpi_sacked", [](const tcp_info& info) { return std::int64_t(info.tcpi_sacked); }},
    {"tcpi_lost", [](const tcp_info& info) { return std::int64_t(info.tcpi_lost); }},
    {"tcpi_retrans", [](const tcp_info& info) { return std::int64_t(info.tcpi_retrans); }},
    {"tcpi_fackets", [](const tcp_info& info) { return std::int64_t(info.tcpi_fackets); }},
    {"tcpi_last_data_sent",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_last_data_sent); }},
    {"tcpi_last_ack_sent",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_last_ack_sent); }},
    {"tcpi_last_data_recv",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_last_data_recv); }},
    {"tcpi_last_ack_recv",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_last_ack_recv); }},
    {"tcpi_pmtu", [](const tcp_info& info) { return std::int64_t(info.tcpi_pmtu); }},
    {"tcpi_rcv_ssthresh",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_rcv_ssthresh); }},
    {"tcpi_rtt", [](const tcp_info& info) { return std::int64_t(info.tcpi_rtt); }},
    {"tcpi_rttvar", [](const tcp_info& info) { return std::int64_t(info.tcpi_rttvar); }},
    {"tcpi_snd_ssthresh",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_snd_ssthresh); }},
    {"tcpi_snd_cwnd", [](const tcp_info& info) { return std::int64_t(info.tcpi_snd_cwnd); }},
    {"tcpi_advmss", [](const tcp_info& info) { return std::int64_t(info.tcpi_advmss); }},
    {"tcpi_reordering", [](const tcp_info& info) { return std::int64_t(info.tcpi_reordering); }},
    {"tcpi_rcv_rtt", [](const tcp_info& info) { return std::int64_t(info.tcpi_rcv_rtt); }},
    {"tcpi_rcv_space", [](const tcp_info& info) { return std::int64_t(info.tcpi_rcv_space); }},
    {"tcpi_total_retrans",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_total_retrans); }},
    {"tcpi_pacing_rate", [](const tcp_info& info) { return std::int64_t(info.tcpi_pacing_rate); }},
    {"tcpi_max_pacing_rate",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_max_pacing_rate); }},
    {"tcpi_bytes_acked", [](const tcp_info& info) { return std::int64_t(info.tcpi_bytes_acked); }},
    {"tcpi_bytes_received",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_bytes_received); }},
    {"tcpi_segs_out", [](const tcp_info& info) { return std::int64_t(info.tcpi_segs_out); }},
    {"tcpi_segs_in", [](const tcp_info& info) { return std::int64_t(info.tcpi_segs_in); }},
    {"tcpi_notsent_bytes",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_notsent_bytes); }},
    {"tcpi_min_rtt", [](const tcp_info& info) { return std::int64_t(info.tcpi_min_rtt); }},
    {"tcpi_data_segs_in",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_data_segs_in); }},
    {"tcpi_data_segs_out",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_data_segs_out); }},
    {"tcpi_delivery_rate",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_delivery_rate); }},
    {"tcpi_busy_time", [](const tcp_info& info) { return std::int64_t(info.tcpi_busy_time); }},
    {"tcpi_rwnd_limited",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_rwnd_limited); }},
    {"tcpi_sndbuf_limited",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_sndbuf_limited); }},
    {"tcpi_delivered", [](const tcp_info& info) { return std::int64_t(info.tcpi_delivered); }},
    {"tcpi_delivered_ce",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_delivered_ce); }},
    {"tcpi_bytes_sent", [](const tcp_info& info) { return std::int64_t(info.tcpi_bytes_sent); }},
    {"tcpi_bytes_retrans",
     [](const tcp_info& info) { return std::int64_t(info.tcpi_bytes_retrans); }},
    {"tcpi_dsack_dups", [](const tcp_info& info) { return std::int64_t(info.tcpi_dsack_dups); }},
    {"tcpi_reord_seen", [](const tcp_info& info) { return std::int64_t(info.tcpi_reord_seen); }},
    {"tcpi_rcv_ooopack", [](const tcp_info& info) { return std::int64_t(info.tcpi_rcv_ooopack); }},
    {"tcpi_snd_wnd", [](const tcp_info& info) { return std::int64_t(info.tcpi_snd_wnd); }},
};

}  // namespace

std::optional<std::int64_t> field_of(const std::vector<std::uint8_t>& bytes,
                                     const std::string& name) {
  const auto* field = std::find_if(std::begin(kFields), std::end(kFields),
                                   [&](const NamedField& known) { return known.name == name; });
  if (field == std::end(kFields)) return std::nullopt;
  tcp_info info{};
  std::memcpy(&info, bytes.data(), std::min(bytes.size(), sizeof info));
  return field->field(info);
}

}  // namespace anteroom::runner
