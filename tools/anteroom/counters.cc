// The one list of counter names outside <anteroom/stats.h>, in its order.
#include "tools/anteroom/counters.h"

namespace anteroom::tools {

std::vector<Counter> counters_of(const Stats& stats) {
  return {
      {"frames_in", stats.frames_in},
      {"frames_out", stats.frames_out},
      {"bytes_in", stats.bytes_in},
      {"bytes_out", stats.bytes_out},
      {"requests", stats.requests},
      {"requests_repeated", stats.requests_repeated},
      {"requests_accepted", stats.requests_accepted},
      {"requests_rejected", stats.requests_rejected},
      {"requests_ignored", stats.requests_ignored},
      {"requests_deferred", stats.requests_deferred},
      {"requests_challenged", stats.requests_challenged},
      {"requests_abandoned", stats.requests_abandoned},
      {"requests_withdrawn_reset", stats.requests_withdrawn_reset},
      {"requests_withdrawn_replaced", stats.requests_withdrawn_replaced},
      {"requests_withdrawn_expired", stats.requests_withdrawn_expired},
      {"requests_withdrawn_listener_closed", stats.requests_withdrawn_listener_closed},
      {"overload_resets", stats.overload_resets},
      {"caller_data_bytes", stats.caller_data_bytes},
      {"response_data_bytes", stats.response_data_bytes},
      {"response_data_resent", stats.response_data_resent},
      {"marked_connections", stats.marked_connections},
      {"fast_open_cookies_out", stats.fast_open_cookies_out},
      {"fast_open_accepted", stats.fast_open_accepted},
      {"fast_open_refused", stats.fast_open_refused},
      {"fast_open_sent", stats.fast_open_sent},
      {"fast_open_taken", stats.fast_open_taken},
      {"fast_open_lost", stats.fast_open_lost},
      {"syn_cookies_sent", stats.syn_cookies_sent},
      {"syn_cookies_accepted", stats.syn_cookies_accepted},
      {"syn_cookies_failed", stats.syn_cookies_failed},
      {"connections_opened", stats.connections_opened},
      {"connections_closed", stats.connections_closed},
      {"connections_failed", stats.connections_failed},
      {"segments_in", stats.segments_in},
      {"segments_out", stats.segments_out},
      {"segments_retransmitted", stats.segments_retransmitted},
      {"fast_retransmits", stats.fast_retransmits},
      {"retransmit_timeouts", stats.retransmit_timeouts},
      {"tail_loss_probes", stats.tail_loss_probes},
      {"tail_loss_repairs", stats.tail_loss_repairs},
      {"path_mtu_probes", stats.path_mtu_probes},
      {"path_mtu_black_holes", stats.path_mtu_black_holes},
      {"spurious_recoveries", stats.spurious_recoveries},
      {"ecn_marks_in", stats.ecn_marks_in},
      {"ecn_reductions", stats.ecn_reductions},
      {"duplicate_acks_out", stats.duplicate_acks_out},
      {"challenge_acks_out", stats.challenge_acks_out},
      {"resets_out", stats.resets_out},
      {"icmp_errors_out", stats.icmp_errors_out},
      {"echo_replies_out", stats.echo_replies_out},
      {"datagrams_reassembled", stats.datagrams_reassembled},
      {"fragments_out", stats.fragments_out},
      {"requests_held", stats.requests_held},
      {"connections", stats.connections},
      {"buffer_bytes", stats.buffer_bytes},
  };
}

std::vector<Counter> drops_of(const Stats& stats) {
  std::vector<Counter> drops;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (stats.dropped(reason) > 0) drops.push_back({to_string(reason), stats.dropped(reason)});
  }
  return drops;
}

}  // namespace anteroom::tools
