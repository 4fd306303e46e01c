// One row for each sysctl.
#include "conformance/runner/settings.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <unordered_map>

namespace anteroom::runner {
namespace {

using Setter = void (*)(std::int64_t, Settings&);

EcnUse ecn_of_linux(std::int64_t value) {
  // ip-sysctl of Linux: 0 off, 1 ask and answer, 2 answer, 3 ask for AccECN, 4 answer in kind and
  // ask for RFC 3168, 5 answer in kind.
  switch (value) {
    case 1:
    case 4: return EcnUse::classic;
    case 2:
    case 5: return EcnUse::accept;
    case 3: return EcnUse::accurate;
    default: return EcnUse::off;
  }
}

EcnUse ecn_of_freebsd(std::int64_t value) {
  switch (value) {
    case 1: return EcnUse::classic;
    case 2:
    case 4: return EcnUse::accept;
    case 3: return EcnUse::accurate;
    default: return EcnUse::off;
  }
}

// The least power of two that announces the same window scale as this many bytes.
std::uint32_t buffer_bytes(std::int64_t bytes) {
  const auto wanted = static_cast<std::uint32_t>(std::clamp<std::int64_t>(bytes, 4096, 64 << 20));
  return std::bit_floor(wanted);
}

// Between the shortest that lets time pass and a day: no sysctl makes a stack spin.
Duration microseconds(std::int64_t value) {
  return std::chrono::microseconds(std::clamp<std::int64_t>(value, 1'000, 86'400'000'000));
}
Duration milliseconds(std::int64_t value) {
  return std::chrono::milliseconds(std::clamp<std::int64_t>(value, 1, 86'400'000));
}

KeepaliveConfig& keepalive(Settings& settings) {
  auto& keepalive = settings.config.tcp.keepalive;
  if (!keepalive) keepalive.emplace();
  return *keepalive;
}

std::uint32_t count_of(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, 255));
}

// The window scale is what reaches this, whether or not the stack has such buffers.
void set_largest_buffer(std::int64_t bytes, Settings& settings) {
  std::uint8_t shift = 0;
  while (shift < 14 && std::int64_t{65'535} << shift < bytes) ++shift;
  settings.config.tcp.window_scale_announced = shift;
  settings.config.limits.receive_buffer_bytes_max = buffer_bytes(bytes);
}

const std::unordered_map<std::string_view, Setter>& linux_setters() {
  static const std::unordered_map<std::string_view, Setter> table{
      {"net.ipv4.tcp_timestamps", [](auto v, auto& s) { s.config.tcp.timestamps = v != 0; }},
      {"net.ipv4.tcp_sack", [](auto v, auto& s) { s.config.tcp.sack = v != 0; }},
      {"net.ipv4.tcp_window_scaling", [](auto v, auto& s) { s.config.tcp.window_scale = v != 0; }},
      {"net.ipv4.tcp_ecn", [](auto v, auto& s) { s.config.tcp.ecn = ecn_of_linux(v); }},
      {"net.ipv4.tcp_ecn_option",
       [](auto v, auto& s) {
         s.config.tcp.ecn_option = v == 0   ? EcnOptionUse::off
                                   : v == 1 ? EcnOptionUse::on_change
                                            : EcnOptionUse::always;
       }},
      {"net.ipv4.tcp_syn_retries",
       [](auto v, auto& s) { s.config.tcp.syn_retries_max = count_of(v); }},
      {"net.ipv4.tcp_syn_linear_timeouts",
       [](auto v, auto& s) { s.config.tcp.syn_linear_retries_max = count_of(v); }},
      {"net.ipv4.tcp_synack_retries",
       [](auto v, auto& s) { s.config.tcp.syn_ack_retries_max = count_of(v); }},
      {"net.ipv4.tcp_retries2", [](auto v, auto& s) { s.config.tcp.retries_max = count_of(v); }},
      {"net.ipv4.tcp_rto_max_ms", [](auto v, auto& s) { s.config.tcp.rto_max = milliseconds(v); }},
      {"net.ipv4.tcp_rto_min_us", [](auto v, auto& s) { s.config.tcp.rto_min = microseconds(v); }},
      {"net.ipv4.tcp_mtu_probing", [](auto v, auto& s) { s.config.tcp.path_mtu_probing = v != 0; }},
  };
  return table;
}

const std::unordered_map<std::string_view, Setter>& freebsd_setters() {
  static const std::unordered_map<std::string_view, Setter> table{
      {"net.inet.tcp.initcwnd_segments",
       [](auto v, auto& s) {
         s.config.tcp.initial_window_segments = std::max<std::uint32_t>(count_of(v), 1);
       }},
      {"net.inet.tcp.sack.enable", [](auto v, auto& s) { s.config.tcp.sack = v != 0; }},
      {"net.inet.tcp.rfc1323",
       [](auto v, auto& s) { s.config.tcp.timestamps = s.config.tcp.window_scale = v != 0; }},
      {"net.inet.tcp.ecn.enable", [](auto v, auto& s) { s.config.tcp.ecn = ecn_of_freebsd(v); }},
      {"net.inet.tcp.ecn.maxretries",
       [](auto v, auto& s) { s.config.tcp.ecn_syn_retries_max = count_of(v); }},
      {"net.inet.tcp.insecure_rst",
       [](auto v, auto& s) { s.config.tcp.challenge_resets = v == 0; }},
      {"net.inet.tcp.insecure_syn", [](auto v, auto& s) { s.config.tcp.challenge_syns = v == 0; }},
      {"net.inet.tcp.icmp_may_rst",
       [](auto v, auto& s) { s.config.tcp.unreachable_ends_opening = v != 0; }},
      {"net.inet.tcp.tolerate_missing_ts",
       [](auto v, auto& s) { s.config.tcp.timestamps_required = v == 0; }},
      {"net.inet.tcp.blackhole",
       [](auto v, auto& s) {
         s.config.tcp.for_nobody = v == 0   ? ForNobody::reset
                                   : v == 1 ? ForNobody::ignore_syns
                                            : ForNobody::ignore;
       }},
      {"net.inet.tcp.rexmit_initial",
       [](auto v, auto& s) { s.config.tcp.rto_initial = milliseconds(v); }},
      {"net.inet.tcp.rexmit_slop",
       [](auto v, auto& s) { s.config.tcp.rto_slop = milliseconds(v); }},
      {"net.inet.tcp.delacktime",
       [](auto v, auto& s) { s.config.tcp.delayed_ack = milliseconds(v); }},
      {"net.inet.tcp.msl", [](auto v, auto& s) { s.config.tcp.msl = milliseconds(v); }},
      {"net.inet.tcp.keepidle", [](auto v, auto& s) { keepalive(s).idle = milliseconds(v); }},
      {"net.inet.tcp.keepintvl", [](auto v, auto& s) { keepalive(s).interval = milliseconds(v); }},
      {"net.inet.tcp.keepcnt", [](auto v, auto& s) { keepalive(s).probes_max = count_of(v); }},
      {"net.inet.tcp.recvspace",
       [](auto v, auto& s) { s.config.limits.receive_buffer_bytes_initial = buffer_bytes(v); }},
      {"net.inet.tcp.sendspace",
       [](auto v, auto& s) { s.config.limits.send_buffer_bytes_max = buffer_bytes(v); }},
      {"kern.ipc.maxsockbuf", set_largest_buffer},
  };
  return table;
}

// What the stack does not have and what does not show without it: queues, segmentation offload,
// memory pressure, logging, metrics that outlive a connection.
constexpr std::string_view kWithoutEffect[] = {
    "net.ipv4.tcp_min_tso_segs",
    "net.ipv4.tcp_tso_win_divisor",
    "net.ipv4.tcp_ecn_fallback",
    "net.ipv4.tcp_ecn_option_beacon",
    "net.ipv4.tcp_pacing_ss_ratio",
    "net.ipv4.tcp_pacing_ca_ratio",
    "net.ipv4.tcp_fack",
    "net.ipv4.tcp_frto",
    "net.ipv4.tcp_early_retrans",
    "net.ipv4.tcp_recovery",
    "net.ipv4.tcp_dsack",
    "net.ipv4.tcp_reordering",
    "net.ipv4.tcp_no_metrics_save",
    "net.ipv4.tcp_autocorking",
    "net.ipv4.tcp_invalid_ratelimit",
    "net.ipv4.tcp_fastopen_blackhole_timeout_sec",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_base_mss",
    "net.core.default_qdisc",
    "net.inet.tcp.hostcache.purgenow",
    "net.inet.tcp.log_debug",
    "net.inet.icmp.icmplim",
};

// Values that name what the stack does anyway. Any other is something that it has not.
struct Fixed {
  std::string_view name;
  std::int64_t value;
};

constexpr Fixed kFixed[] = {
    {"net.inet.tcp.drop_synfin", 1},
    {"net.inet.tcp.rexmit_drop_options", 0},
    {"net.inet.tcp.fastopen.client_enable", 1},
    {"net.inet.tcp.fastopen.server_enable", 0},
    {"net.inet.tcp.syncookies", 0},
    {"net.inet.tcp.syncookies", 1},
    {"net.inet.tcp.syncookies_only", 0},
    {"net.inet.tcp.keepinit", 75'000},
    {"net.inet.tcp.path_mtu_discovery", 1},
    {"net.inet.tcp.pmtud_blackhole_detection", 0},
    {"net.inet.tcp.udp_tunneling_port", 0},
    {"net.inet.tcp.mssdflt", 536},
    {"net.inet.tcp.v6mssdflt", 1220},
    {"net.ipv4.tcp_syncookies", 1},
    {"net.ipv4.tcp_slow_start_after_idle", 1},
    {"net.ipv4.tcp_shrink_window", 0},
};

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const bool hex = text.starts_with("0x");
  const char* first = text.data() + (hex ? 2 : 0);
  const char* last = text.data() + text.size();
  const auto read = std::from_chars(first, last, value, hex ? 16 : 10);
  if (read.ec != std::errc{} || read.ptr != last) return std::nullopt;
  return value;
}

// Four words of 32 bits in hexadecimal, each stored with its low byte first.
SetResult set_fast_open_key(std::string_view value, Settings& settings) {
  std::array<std::uint8_t, 16> key{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint32_t word = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), word, 16);
    if (read.ec != std::errc{}) return SetResult::unknown;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      key[4 * i + byte] = static_cast<std::uint8_t>(word >> 8 * byte);
    }
    value.remove_prefix(static_cast<std::size_t>(read.ptr - value.data()));
    if (!value.empty() && value.front() == '-') value.remove_prefix(1);
  }
  settings.config.fast_open_key = key;
  return SetResult::done;
}

SetResult set_memory(std::string_view value, Settings& settings) {
  // Three numbers: least, initial, most.
  std::int64_t numbers[3] = {};
  std::size_t count = 0;
  for (std::size_t at = 0; at < value.size() && count < 3;) {
    at = value.find_first_not_of(" \t", at);
    if (at == value.npos) break;
    const std::size_t end = std::min(value.find_first_of(" \t", at), value.size());
    const auto number = integer(value.substr(at, end - at));
    if (!number) return SetResult::unknown;
    numbers[count++] = *number;
    at = end;
  }
  if (count != 3) return SetResult::unknown;
  Limits& limits = settings.config.limits;
  limits.receive_buffer_bytes_max = buffer_bytes(numbers[2]);
  limits.receive_buffer_bytes_initial =
      std::min(buffer_bytes(numbers[1]), limits.receive_buffer_bytes_max);
  return SetResult::done;
}

}  // namespace

std::optional<Profile> profile_named(std::string_view name) {
  if (name == "linux") return Profile::linux_kernel;
  if (name == "freebsd") return Profile::freebsd;
  if (name == "rfc") return Profile::rfc;
  return std::nullopt;
}

script::Dialect dialect_of(Profile profile) {
  return profile == Profile::freebsd ? script::Dialect::nplab : script::Dialect::google;
}

Settings settings_of(Profile profile, std::uint16_t mtu) {
  Settings settings;
  Config& config = settings.config;
  config.interface.medium = Medium::ip;
  config.interface.mtu = mtu;
  config.seed.fill(7);
  config.limits.buffer_bytes_max = 256u << 20;
  config.limits.connections_max = 1'024;
  TcpConfig& tcp = config.tcp;
  switch (profile) {
    case Profile::linux_kernel:
      tcp.ecn = EcnUse::accept;
      tcp.ecn_option = EcnOptionUse::always;
      tcp.ecn_option_ect1_first = tcp.ecn_on_all_segments = true;
      tcp.quick_acks = 15;
      tcp.unlimited_slow_start = tcp.half_used_window_grows = true;
      tcp.fast_open_leaves_option_room = true;
      tcp.timestamps_required = false;
      tcp.syn_linear_retries_max = 4;
      tcp.syn_retries_max = 6;
      config.limits.receive_buffer_bytes_max = 4u << 20;  // 6 MiB: window scale 7
      break;
    case Profile::freebsd:
      tcp.rto_min = 30ms;
      tcp.rto_slop = 200ms;
      tcp.ecn_syn_retries_max = 1;
      tcp.rto_max = 64s;
      tcp.syn_option_order = SynOptionOrder::scale_first;
      tcp.receive_buffer_in_segments = true;
      tcp.window_exact = tcp.fin_on_every_ack = true;
      config.limits.receive_buffer_bytes_max = 2u << 20;
      config.limits.receive_buffer_bytes_initial = 64u << 10;
      break;
    case Profile::rfc:
      tcp.rto_min = 1s;         // RFC 6298 2.4
      tcp.delayed_ack = 200ms;  // RFC 9293 3.8.6.3: below 500 ms
      tcp.path_mtu_probing = false;
      tcp.congestion = CongestionAlgorithm::new_reno;
      break;
  }
  return settings;
}

SetResult set_sysctl(std::string_view name, std::string_view value, Settings& settings) {
  if (name == "net.ipv4.tcp_rmem") return set_memory(value, settings);
  if (name == "net.ipv4.tcp_fastopen_key") return set_fast_open_key(value, settings);
  if (name == "net.ipv4.tcp_wmem") return SetResult::no_effect;
  if (name == "net.ipv4.tcp_congestion_control" || name == "net.inet.tcp.cc.algorithm") {
    if (value != "cubic" && value != "reno" && value != "newreno") return SetResult::unknown;
    settings.config.tcp.congestion =
        value == "cubic" ? CongestionAlgorithm::cubic : CongestionAlgorithm::new_reno;
    return SetResult::done;
  }
  const std::optional<std::int64_t> number = integer(value);
  for (const auto* setters : {&linux_setters(), &freebsd_setters()}) {
    const auto setter = setters->find(name);
    if (setter == setters->end()) continue;
    if (!number) return SetResult::unknown;
    setter->second(*number, settings);
    return SetResult::done;
  }
  if (name == "net.ipv4.tcp_fastopen" && number) {
    // Clients and servers may, and neither without a cookie: all else has no switch.
    return (*number & 0x207) == 3 ? SetResult::no_effect : SetResult::unknown;
  }
  for (const Fixed& fixed : kFixed) {
    if (fixed.name == name && number == fixed.value) return SetResult::no_effect;
  }
  const bool known = std::find(std::begin(kWithoutEffect), std::end(kWithoutEffect), name) !=
                     std::end(kWithoutEffect);
  return known ? SetResult::no_effect : SetResult::unknown;
}

}  // namespace anteroom::runner
