// getsockopt(2): values as Linux reports them, cut to the room that there is.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "stack/api/posix/options.h"
#include "stack/api/posix/readiness.h"

namespace anteroom::posix {
namespace {

// Where an option has a value, its bytes.
struct Value {
  Answer error = 0;
  std::vector<std::uint8_t> bytes{};
};

template <typename T>
Value value_of(const T& object) {
  const auto* const first = reinterpret_cast<const std::uint8_t*>(&object);
  return {0, {first, first + sizeof object}};
}

Value number(std::int64_t value) { return value_of(static_cast<int>(value)); }

Value time_of(Duration duration) {
  const Duration shown = std::max(duration, Duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(shown);
  timeval time{};
  time.tv_sec = seconds.count();
  time.tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(shown - seconds).count();
  return value_of(time);
}

std::int64_t seconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::optional<ConnectionInfo> info_of(Layer& layer, const Socket& socket) {
  const auto info = layer.stack().connection_info(socket.connection);
  return info ? std::optional(*info) : std::nullopt;
}

Value get_socket_level(Layer& layer, Socket& socket, int name) {
  const SocketOptions& options = socket.options;
  switch (name) {
    case SO_TYPE: return number(SOCK_STREAM);
    case SO_PROTOCOL: return number(IPPROTO_TCP);
    case SO_DOMAIN: return number(socket.family);
    case SO_ERROR: return number(std::exchange(socket.error, 0));
    case SO_ACCEPTCONN: return number(socket.phase == Phase::listening);
    case SO_REUSEADDR: return number(options.reuse_address);
    case SO_REUSEPORT: return number(options.reuse_port);
    case SO_KEEPALIVE: return number(options.keepalive);
    case SO_BROADCAST: return number(options.broadcast);
    case SO_DONTROUTE: return number(options.dont_route);
    case SO_OOBINLINE: return number(options.oob_inline);
    case SO_PRIORITY: return number(options.priority);
    case SO_SNDBUF: return number(send_buffer_bytes(layer, socket));
    case SO_RCVLOWAT: return number(options.receive_low_water);
    case SO_SNDLOWAT: return number(1);
    case SO_RCVTIMEO: return time_of(options.receive_timeout);
    case SO_SNDTIMEO: return time_of(options.send_timeout);
    case SO_RCVBUF: {
      const auto info = info_of(layer, socket);
      if (options.receive_buffer_bytes != 0) return number(options.receive_buffer_bytes);
      return number(info ? info->receive_buffer_bytes
                         : layer.stack().config().limits.receive_buffer_bytes_initial);
    }
    case SO_LINGER: {
      ::linger value{};
      value.l_onoff = options.linger.has_value();
      value.l_linger = options.linger.value_or(0);
      return value_of(value);
    }
    default: return {-ENOPROTOOPT};
  }
}

Value get_tcp_level(Layer& layer, Socket& socket, int name) {
  const SocketOptions& options = socket.options;
  const TcpConfig& tcp = layer.stack().config().tcp;
  switch (name) {
    case TCP_NODELAY: return number(options.no_delay);
    case TCP_CORK: return number(options.cork);
    case TCP_KEEPIDLE: return number(seconds_of(options.keepalive_times.idle));
    case TCP_KEEPINTVL: return number(seconds_of(options.keepalive_times.interval));
    case TCP_KEEPCNT: return number(options.keepalive_times.probes_max);
    case TCP_SYNCNT: return number(tcp.syn_retries_max);
    case TCP_LINGER2: return number(options.linger_2_seconds);
    case TCP_DEFER_ACCEPT: return number(options.defer_accept_seconds);
    case TCP_QUICKACK: return number(options.quick_ack);
    case TCP_USER_TIMEOUT: return number(options.user_timeout / std::chrono::milliseconds(1));
    case TCP_FASTOPEN: return number(options.fast_open_queue);
    case TCP_FASTOPEN_CONNECT: return number(options.fast_open_connect);
    case TCP_FASTOPEN_NO_COOKIE: return number(options.fast_open_no_cookie);
    case TCP_NOTSENT_LOWAT: return number(options.not_sent_low_water);
    case TCP_SAVE_SYN: return number(options.save_syn);
    case TCP_INQ: return number(options.report_inq);
    case TCP_MAXSEG: {
      const auto info = info_of(layer, socket);
      return number(info && info->send_mss != 0 ? info->send_mss : 536);
    }
    case TCP_CONGESTION: {
      const auto info = info_of(layer, socket);
      const auto algorithm = info ? info->congestion : options.congestion.value_or(tcp.congestion);
      // TCP_CA_NAME_MAX of Linux.
      std::array<char, 16> text{};
      const std::string_view word = algorithm == CongestionAlgorithm::cubic ? "cubic" : "reno";
      std::copy(word.begin(), word.end(), text.begin());
      return value_of(text);
    }
    case TCP_INFO: {
      Value value{0, std::vector<std::uint8_t>(1'024)};
      value.bytes.resize(write_tcp_info(layer, socket, value.bytes));
      return value;
    }
    default: return {-ENOPROTOOPT};
  }
}

Value get_ip_level(Layer& layer, Socket& socket, int name) {
  switch (name) {
    case IP_TOS: return number(socket.options.type_of_service);
    case IP_TTL: return number(layer.stack().config().tcp.hop_limit);
    default: return {-ENOPROTOOPT};
  }
}

Value get_ipv6_level(Layer& layer, Socket& socket, int name) {
  if (socket.family != AF_INET6) return {-EOPNOTSUPP};
  switch (name) {
    case IPV6_V6ONLY: return number(socket.options.v6_only);
    case IPV6_TCLASS: return number(socket.options.traffic_class);
    case IPV6_UNICAST_HOPS: return number(layer.stack().config().tcp.hop_limit);
    default: return {-ENOPROTOOPT};
  }
}

Value get_own_level(Layer& layer, Socket& socket, int name) {
  const SocketOptions& options = socket.options;
  const auto info = info_of(layer, socket);
  switch (name) {
    case ANTEROOM_HOLD_SYN: return number(options.hold_syn);
    case ANTEROOM_DEFER_ASIDE: return number(options.defer_aside);
    case ANTEROOM_CONSUME_CALLER_DATA: return number(options.consume_caller_data);
    case ANTEROOM_OVERLOAD: return number(options.overload);
    case ANTEROOM_HANDSHAKE_FIRST: return number(options.handshake_first);
    case ANTEROOM_MARKED: return number(options.marked);
    case ANTEROOM_CALLER_DATA: return {0, options.caller_data};
    case ANTEROOM_RESPONSE_BYTES: return number(info ? info->response_data_bytes : 0);
    case ANTEROOM_CALLER_BYTES_TAKEN: return number(info ? info->caller_data_taken_bytes : 0);
    default: return {-ENOPROTOOPT};
  }
}

// As Linux has it: once, and whole or not at all.
Answer take_saved_syn(Socket& socket, void* value, socklen_t& length) {
  const auto size = static_cast<socklen_t>(socket.saved_syn.size());
  const bool fits = length >= size;
  length = size;
  if (!fits) return -EINVAL;
  std::copy(socket.saved_syn.begin(), socket.saved_syn.end(), static_cast<std::uint8_t*>(value));
  socket.saved_syn.clear();
  return 0;
}

Answer take_connect_data(Layer& layer, Socket& socket, void* value, socklen_t& length) {
  if (!socket.connection.is_set()) return -ENOTCONN;
  const MutableBytes out(static_cast<std::uint8_t*>(value), length);
  const auto taken = layer.stack().receive_connect_data(layer.now(), socket.connection, out);
  layer.note_verb();
  if (!taken) {
    const Failure& failure = taken.error();
    if (failure.error == Error::too_large) length = static_cast<socklen_t>(failure.detail);
    return refusal(failure.error);
  }
  length = static_cast<socklen_t>(*taken);
  return 0;
}

}  // namespace

Answer get_option(Layer& layer, int fd, int level, int name, void* value, socklen_t* length) {
  const Found found = layer.find_socket(fd);
  if (found.error != 0) return found.error;
  if (length == nullptr) return -EFAULT;
  if (static_cast<int>(*length) < 0) return -EINVAL;
  if (value == nullptr && *length != 0) return -EFAULT;
  // What changes without a call of ours is to be of now.
  layer.refresh();
  if (level == IPPROTO_TCP && name == TCP_SAVED_SYN) {
    return take_saved_syn(found.socket(), value, *length);
  }
  if (level == SOL_ANTEROOM && name == ANTEROOM_CONNECT_DATA) {
    return take_connect_data(layer, found.socket(), value, *length);
  }
  Value got;
  switch (level) {
    case SOL_SOCKET: got = get_socket_level(layer, found.socket(), name); break;
    case IPPROTO_TCP: got = get_tcp_level(layer, found.socket(), name); break;
    case IPPROTO_IP: got = get_ip_level(layer, found.socket(), name); break;
    case IPPROTO_IPV6: got = get_ipv6_level(layer, found.socket(), name); break;
    case SOL_ANTEROOM: got = get_own_level(layer, found.socket(), name); break;
    default: return -EOPNOTSUPP;
  }
  if (got.error != 0) return got.error;
  const std::size_t size = std::min<std::size_t>(*length, got.bytes.size());
  std::copy_n(got.bytes.begin(), size, static_cast<std::uint8_t*>(value));
  *length = static_cast<socklen_t>(size);
  return 0;
}

}  // namespace anteroom::posix
