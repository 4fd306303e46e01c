// setsockopt(2): the bounds are those of Linux. What the stack cannot do is ENOPROTOOPT, not a lie.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "stack/api/posix/options.h"
#include "stack/api/posix/readiness.h"

namespace anteroom::posix {
namespace {

constexpr int kKeepaliveSecondsMax = 32'767;
constexpr int kProbesMax = 127;
constexpr int kLinger2SecondsMax = 120;
// SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF of Linux.
constexpr std::uint32_t kSendBufferMin = 4'608;
constexpr std::uint32_t kReceiveBufferMin = 2'304;
constexpr std::size_t kCallerDataMax = 65'535;
// Of IP_TOS and IPV6_TCLASS: the stack's own.
constexpr int kEcnBits = 3;

// The bytes that a caller brought.
struct Given {
  const void* value;
  socklen_t length;

  template <typename T>
  std::optional<T> as() const {
    if (length < sizeof(T)) return std::nullopt;
    T object{};
    std::copy_n(static_cast<const char*>(value), sizeof object, reinterpret_cast<char*>(&object));
    return object;
  }
  std::string_view text() const {
    const std::string_view all(static_cast<const char*>(value), length);
    return all.substr(0, all.find('\0'));
  }
};

Answer set_flag(bool& flag, int number) {
  flag = number != 0;
  return 0;
}

Answer set_within(int& target, int number, int min, int max) {
  if (number < min || number > max) return -EINVAL;
  target = number;
  return 0;
}

Answer set_strict_flag(bool& flag, int number) {
  if (number != 0 && number != 1) return -EINVAL;
  return set_flag(flag, number);
}

// Of Linux: a negative time is no time at all, 0 is for ever.
Answer set_timeout(Duration& target, const Given& given) {
  const auto time = given.as<timeval>();
  if (!time) return -EINVAL;
  if (time->tv_usec < 0 || time->tv_usec >= 1'000'000) return -EDOM;
  constexpr std::int64_t kSecondsMax = std::numeric_limits<std::int32_t>::max();
  target = std::chrono::seconds(std::min<std::int64_t>(time->tv_sec, kSecondsMax)) +
           std::chrono::microseconds(time->tv_usec);
  if (time->tv_sec < 0) target = Duration(-1);
  return 0;
}

Answer set_linger(SocketOptions& options, const Given& given) {
  const auto linger = given.as<::linger>();
  if (!linger) return -EINVAL;
  options.linger.reset();
  if (linger->l_onoff != 0) options.linger = std::max(linger->l_linger, 0);
  return 0;
}

// Linux doubles what is asked for, for its own books, and reports that.
std::uint32_t doubled(int number, std::uint32_t min, std::uint32_t max) {
  const auto twice = 2 * std::int64_t{std::max(number, 0)};
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(twice, min, max));
}

Answer set_socket_level(Layer& layer, Socket& socket, int name, const Given& given) {
  SocketOptions& options = socket.options;
  switch (name) {
    case SO_LINGER: return set_linger(options, given);
    case SO_RCVTIMEO: return set_timeout(options.receive_timeout, given);
    case SO_SNDTIMEO: return set_timeout(options.send_timeout, given);
    default: break;
  }
  const auto number = given.as<int>();
  if (!number) return -EINVAL;
  switch (name) {
    case SO_REUSEADDR: return set_flag(options.reuse_address, *number);
    case SO_REUSEPORT: return set_flag(options.reuse_port, *number);
    case SO_KEEPALIVE: return set_flag(options.keepalive, *number);
    case SO_BROADCAST: return set_flag(options.broadcast, *number);
    case SO_DONTROUTE: return set_flag(options.dont_route, *number);
    case SO_OOBINLINE: return set_flag(options.oob_inline, *number);
    case SO_PRIORITY:
      // More takes CAP_NET_ADMIN.
      if (*number < 0 || *number > 6) return -EPERM;
      options.priority = *number;
      return 0;
    case SO_SNDBUF:
      options.send_buffer_bytes =
          doubled(*number, std::min(kSendBufferMin, send_capacity(layer)), send_capacity(layer));
      return 0;
    case SO_RCVBUF:
      options.receive_buffer_bytes = doubled(
          *number, kReceiveBufferMin,
          std::max(kReceiveBufferMin, layer.stack().config().limits.receive_buffer_bytes_max));
      return 0;
    case SO_RCVLOWAT:
      options.receive_low_water =
          *number < 0 ? std::numeric_limits<int>::max() : std::max(*number, 1);
      return 0;
    default: return -ENOPROTOOPT;
  }
}

Answer set_congestion(Socket& socket, const Given& given) {
  if (given.length < 1) return -EINVAL;
  const std::string_view name = given.text();
  if (name != "cubic" && name != "reno") return -ENOENT;
  const auto wanted = name == "cubic" ? CongestionAlgorithm::cubic : CongestionAlgorithm::new_reno;
  // The stack chooses when the connection begins.
  if (socket.phase != Phase::fresh && socket.options.congestion != wanted) return -EBUSY;
  socket.options.congestion = wanted;
  return 0;
}

Answer set_keepalive_time(Duration& target, int seconds) {
  if (seconds < 1 || seconds > kKeepaliveSecondsMax) return -EINVAL;
  target = std::chrono::seconds(seconds);
  return 0;
}

Answer set_keepalive_probes(std::uint32_t& target, int probes) {
  if (probes < 1 || probes > kProbesMax) return -EINVAL;
  target = static_cast<std::uint32_t>(probes);
  return 0;
}

Answer set_fast_open(Layer& layer, Socket& socket, int name, int number) {
  SocketOptions& options = socket.options;
  const bool is_valid = name == TCP_FASTOPEN ? number >= 0 : number == 0 || number == 1;
  // As Linux: of a listener TCP_FASTOPEN may still be set.
  const bool listens = name == TCP_FASTOPEN && socket.phase == Phase::listening;
  if (!is_valid || (socket.phase != Phase::fresh && !listens)) return -EINVAL;
  switch (name) {
    case TCP_FASTOPEN: options.fast_open_queue = number; break;
    case TCP_FASTOPEN_CONNECT: options.fast_open_connect = number == 1; break;
    default: options.fast_open_no_cookie = number == 1; break;
  }
  if (listens) {
    (void)layer.stack().set_fast_open(socket.listener, fast_open_of(options),
                                      static_cast<std::uint32_t>(number));
  }
  return 0;
}

Answer set_user_timeout(SocketOptions& options, int milliseconds) {
  if (milliseconds < 0) return -EINVAL;
  options.user_timeout = std::chrono::milliseconds(milliseconds);
  return 0;
}

Answer set_tcp_level(Layer& layer, Socket& socket, int name, const Given& given) {
  if (name == TCP_CONGESTION) return set_congestion(socket, given);
  const auto number = given.as<int>();
  if (!number) return -EINVAL;
  SocketOptions& options = socket.options;
  switch (name) {
    case TCP_NODELAY: return set_flag(options.no_delay, *number);
    case TCP_CORK:
      // Taking the cork out lets go of what MSG_MORE holds, too.
      socket.holds_more = false;
      return set_flag(options.cork, *number);
    case TCP_QUICKACK:
      (void)layer.stack().set_quick_ack(layer.now(), socket.connection, *number != 0);
      layer.note_verb();
      return set_flag(options.quick_ack, *number);
    case TCP_KEEPIDLE: return set_keepalive_time(options.keepalive_times.idle, *number);
    case TCP_KEEPINTVL: return set_keepalive_time(options.keepalive_times.interval, *number);
    case TCP_KEEPCNT: return set_keepalive_probes(options.keepalive_times.probes_max, *number);
    case TCP_LINGER2:
      options.linger_2_seconds = std::clamp(*number, -1, kLinger2SecondsMax);
      return 0;
    case TCP_DEFER_ACCEPT: options.defer_accept_seconds = std::max(*number, 0); return 0;
    case TCP_USER_TIMEOUT: return set_user_timeout(options, *number);
    case TCP_FASTOPEN: return set_fast_open(layer, socket, name, *number);
    case TCP_FASTOPEN_CONNECT: return set_fast_open(layer, socket, name, *number);
    case TCP_FASTOPEN_NO_COOKIE: return set_fast_open(layer, socket, name, *number);
    case TCP_SAVE_SYN: return set_strict_flag(options.save_syn, *number);
    case TCP_INQ: return set_strict_flag(options.report_inq, *number);
    case TCP_NOTSENT_LOWAT:
      options.not_sent_low_water = static_cast<std::uint32_t>(*number);
      return 0;
    default: return -ENOPROTOOPT;
  }
}

Answer set_ip_level(Socket& socket, int name, const Given& given) {
  // Linux takes one byte as well as four.
  std::optional<int> number = given.as<int>();
  if (!number && given.length >= 1) number = given.as<std::uint8_t>();
  if (!number) return -EINVAL;
  if (name != IP_TOS) return -ENOPROTOOPT;
  socket.options.type_of_service = *number & 0xff & ~kEcnBits;
  return 0;
}

Answer set_ipv6_level(Socket& socket, int name, const Given& given) {
  if (socket.family != AF_INET6) return -ENOPROTOOPT;
  const auto number = given.as<int>();
  if (!number) return -EINVAL;
  switch (name) {
    case IPV6_V6ONLY:
      if (socket.bound) return -EINVAL;
      return set_flag(socket.options.v6_only, *number);
    case IPV6_TCLASS:
      // -1: the system's own, which is 0.
      if (*number < -1 || *number > 0xff) return -EINVAL;
      socket.options.traffic_class = std::max(*number, 0) & ~kEcnBits;
      return 0;
    default: return -ENOPROTOOPT;
  }
}

Answer set_own_level(Socket& socket, int name, const Given& given) {
  SocketOptions& options = socket.options;
  if (socket.phase != Phase::fresh) return -EINVAL;
  if (name == ANTEROOM_CALLER_DATA) {
    if (given.length > kCallerDataMax) return -EMSGSIZE;
    const auto* const first = static_cast<const std::uint8_t*>(given.value);
    options.caller_data.assign(first, first + given.length);
    return 0;
  }
  const auto number = given.as<int>();
  if (!number) return -EINVAL;
  switch (name) {
    case ANTEROOM_HOLD_SYN: return set_strict_flag(options.hold_syn, *number);
    case ANTEROOM_DEFER_ASIDE: return set_strict_flag(options.defer_aside, *number);
    case ANTEROOM_CONSUME_CALLER_DATA: return set_strict_flag(options.consume_caller_data, *number);
    case ANTEROOM_HANDSHAKE_FIRST: return set_strict_flag(options.handshake_first, *number);
    case ANTEROOM_MARKED:
      return set_within(options.marked, *number, ANTEROOM_UNMARKED, ANTEROOM_MARKED_ONLY);
    case ANTEROOM_OVERLOAD:
      return set_within(options.overload, *number, ANTEROOM_OVERLOAD_DROP,
                        ANTEROOM_OVERLOAD_CHALLENGE);
    default: return -ENOPROTOOPT;
  }
}

}  // namespace

void apply_options(Layer& layer, Socket& socket) {
  if (!socket.connection.is_set()) return;
  const SocketOptions& options = socket.options;
  Stack& stack = layer.stack();
  const Instant now = layer.now();
  (void)stack.set_no_delay(now, socket.connection, options.no_delay);
  (void)stack.set_keepalive(
      now, socket.connection,
      options.keepalive ? std::optional(options.keepalive_times) : std::nullopt);
  (void)stack.set_user_timeout(now, socket.connection, options.user_timeout);
  if (const auto info = stack.connection_info(socket.connection)) {
    const IpAddress& remote = info->flow.remote.address;
    (void)stack.set_dscp(now, socket.connection, dscp_of(options, remote));
  }
  layer.note_verb();
  apply_cork(layer, socket);
}

void apply_cork(Layer& layer, Socket& socket) {
  const bool corked = socket.options.cork || socket.holds_more;
  if (socket.is_corked == corked || !socket.connection.is_set()) return;
  socket.is_corked = corked;
  (void)layer.stack().set_corked(layer.now(), socket.connection, corked);
  layer.note_verb();
}

Answer set_option(Layer& layer, int fd, int level, int name, const void* value, socklen_t length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (static_cast<int>(length) < 0) return -EINVAL;
  if (value == nullptr && length != 0) return -EFAULT;
  Socket& socket = found.socket();
  const Given given{value, length};
  Answer answer = -ENOPROTOOPT;
  switch (level) {
    case SOL_SOCKET: answer = set_socket_level(layer, socket, name, given); break;
    case IPPROTO_TCP: answer = set_tcp_level(layer, socket, name, given); break;
    case IPPROTO_IP: answer = set_ip_level(socket, name, given); break;
    case IPPROTO_IPV6: answer = set_ipv6_level(socket, name, given); break;
    case SOL_ANTEROOM: answer = set_own_level(socket, name, given); break;
    default: break;
  }
  if (answer != 0) return answer;
  apply_options(layer, socket);
  // The low-water marks decide what poll() sees.
  layer.wake(socket, EPOLLIN | EPOLLOUT);
  layer.note_change();
  return 0;
}

}  // namespace anteroom::posix
