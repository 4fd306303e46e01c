// The bounds of a configuration, in words: what each field of config.h and limits.h may be.
#include <anteroom/stack.h>

namespace anteroom {
namespace {

std::string_view check_interface(const InterfaceConfig& interface) {
  if (interface.mtu < 576) return "interface.mtu is below 576 bytes";
  if (interface.addresses.empty()) return "interface.addresses is empty";
  for (const Prefix& own : interface.addresses) {
    if (!own.address.is_v4() && interface.mtu < 1'280) {
      return "interface.mtu is below the 1,280 bytes of an IPv6 link";
    }
    if (own.address.is_any() || own.address.is_multicast() || own.address.is_loopback() ||
        own.is_broadcast(own.address)) {
      return "interface.addresses holds an address that no host may have";
    }
    if (own.bits > (own.address.is_v4() ? 32 : 128))
      return "interface.addresses holds a prefix longer than its address";
  }
  if (interface.medium == Medium::ethernet &&
      (interface.mac.is_group() || interface.mac == MacAddress())) {
    return "interface.mac is a group address or zero";
  }
  return {};
}

std::string_view check_tcp(const TcpConfig& tcp) {
  if (tcp.quick_acks > 15) return "tcp.quick_acks is above 15";
  if (tcp.rto_min <= Duration::zero() || tcp.rto_min > tcp.rto_max) {
    return "tcp.rto_min is not between 0 and tcp.rto_max";
  }
  if (tcp.rto_initial < tcp.rto_min || tcp.rto_initial > tcp.rto_max) {
    return "tcp.rto_initial is not between tcp.rto_min and tcp.rto_max";
  }
  if (tcp.delayed_ack <= Duration::zero() || tcp.delayed_ack >= 500ms) {
    return "tcp.delayed_ack is not between 0 and 500 ms";
  }
  if (tcp.msl <= Duration::zero()) return "tcp.msl is not above 0";
  if (tcp.initial_window_segments == 0 || tcp.initial_window_segments > 1000) {
    return "tcp.initial_window_segments is not between 1 and 1000";
  }
  if (tcp.hop_limit == 0) return "tcp.hop_limit is 0";
  if (tcp.retries_max == 0 || tcp.retries_max > 100)
    return "tcp.retries_max is not between 1 and 100";
  if (tcp.syn_retries_max > 100) return "tcp.syn_retries_max is above 100";
  if (tcp.syn_ack_retries_max > 100) return "tcp.syn_ack_retries_max is above 100";
  if (tcp.window_scale_announced.value_or(0) > 14) return "tcp.window_scale_announced is above 14";
  if (tcp.rto_slop < Duration::zero() || tcp.rto_slop > tcp.rto_max) {
    return "tcp.rto_slop is not between 0 and tcp.rto_max";
  }
  return {};
}

std::string_view check_limits(const Limits& limits) {
  constexpr std::uint32_t kManyMax = 1u << 28;
  if (limits.connections_max == 0 || limits.connections_max > kManyMax) {
    return "limits.connections_max is not between 1 and 2^28";
  }
  if (limits.requests_max == 0 || limits.requests_max > kManyMax) {
    return "limits.requests_max is not between 1 and 2^28";
  }
  if (limits.listeners_max == 0 || limits.listeners_max > 65'535) {
    return "limits.listeners_max is not between 1 and 65,535";
  }
  if (limits.neighbors_max == 0 || limits.neighbors_max > kManyMax) {
    return "limits.neighbors_max is not between 1 and 2^28";
  }
  if (limits.replies_max == 0 || limits.replies_max > kManyMax) {
    return "limits.replies_max is not between 1 and 2^28";
  }
  if (limits.caller_data_bytes_max > 65'535) return "limits.caller_data_bytes_max is above 65,535";
  if (limits.request_lifetime_min > limits.request_lifetime_max) {
    return "limits.request_lifetime_min is above limits.request_lifetime_max";
  }
  if (limits.neighbor_queries_max == 0 || limits.neighbor_queries_max > 255) {
    return "limits.neighbor_queries_max is not between 1 and 255";
  }
  if (limits.fast_open_key_period <= Duration::zero()) {
    return "limits.fast_open_key_period is not above 0";
  }
  if (limits.fast_open_pause_min <= Duration::zero() ||
      limits.fast_open_pause_min > limits.fast_open_pause_max) {
    return "limits.fast_open_pause_min is not between 0 and limits.fast_open_pause_max";
  }
  if (limits.timers_per_advance == 0) return "limits.timers_per_advance is 0";
  return {};
}

}  // namespace

std::string_view check_config(const Config& config) {
  if (const auto wrong = check_interface(config.interface); !wrong.empty()) return wrong;
  if (const auto wrong = check_tcp(config.tcp); !wrong.empty()) return wrong;
  if (const auto wrong = check_limits(config.limits); !wrong.empty()) return wrong;
  if (config.routes.size() > config.limits.routes_max)
    return "routes has more than limits.routes_max";
  if (config.ephemeral_port_min == 0 || config.ephemeral_port_min > config.ephemeral_port_max) {
    return "ephemeral_port_min is not between 1 and ephemeral_port_max";
  }
  return {};
}

}  // namespace anteroom
