// One table; the values are the system's own.
#include "conformance/runner/symbols.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <unordered_map>

#include <anteroom/posix.h>

namespace anteroom::runner {
namespace {

// The one place where a name and its value must be the same word.
#define NAMED(name) \
  { #name, static_cast < std::int64_t>(name) }

struct Named {
  std::string_view name;
  std::int64_t value;
};

constexpr Named kNames[] = {
    NAMED(AF_UNSPEC),
    NAMED(AF_INET),
    NAMED(AF_INET6),
    NAMED(PF_INET),
    NAMED(PF_INET6),
    NAMED(SOCK_STREAM),
    NAMED(SOCK_DGRAM),
    NAMED(SOCK_RAW),
    NAMED(SOCK_NONBLOCK),
    NAMED(SOCK_CLOEXEC),
    NAMED(IPPROTO_IP),
    NAMED(IPPROTO_TCP),
    NAMED(IPPROTO_UDP),
    NAMED(IPPROTO_UDPLITE),
    NAMED(IPPROTO_IPV6),
    NAMED(IPPROTO_ICMP),
    NAMED(IPPROTO_ICMPV6),
    NAMED(SOL_SOCKET),
    NAMED(SOL_IP),
    NAMED(SOL_IPV6),
    NAMED(SOL_TCP),
    NAMED(SO_ACCEPTCONN),
    NAMED(SO_BROADCAST),
    NAMED(SO_DEBUG),
    NAMED(SO_DOMAIN),
    NAMED(SO_DONTROUTE),
    NAMED(SO_ERROR),
    NAMED(SO_KEEPALIVE),
    NAMED(SO_LINGER),
    NAMED(SO_MARK),
    NAMED(SO_OOBINLINE),
    NAMED(SO_PRIORITY),
    NAMED(SO_PROTOCOL),
    NAMED(SO_RCVBUF),
    NAMED(SO_RCVBUFFORCE),
    NAMED(SO_RCVLOWAT),
    NAMED(SO_RCVTIMEO),
    NAMED(SO_REUSEADDR),
    NAMED(SO_REUSEPORT),
    NAMED(SO_SNDBUF),
    NAMED(SO_SNDBUFFORCE),
    NAMED(SO_SNDLOWAT),
    NAMED(SO_SNDTIMEO),
    NAMED(SO_TIMESTAMP),
    NAMED(SO_TIMESTAMPING),
    NAMED(SO_TYPE),
    NAMED(SO_ZEROCOPY),
    NAMED(SO_MAX_PACING_RATE),
    NAMED(SO_INCOMING_CPU),
    NAMED(SO_BUSY_POLL),
    NAMED(TCP_NODELAY),
    NAMED(TCP_MAXSEG),
    NAMED(TCP_CORK),
    NAMED(TCP_KEEPIDLE),
    NAMED(TCP_KEEPINTVL),
    NAMED(TCP_KEEPCNT),
    NAMED(TCP_SYNCNT),
    NAMED(TCP_LINGER2),
    NAMED(TCP_DEFER_ACCEPT),
    NAMED(TCP_WINDOW_CLAMP),
    NAMED(TCP_INFO),
    NAMED(TCP_QUICKACK),
    NAMED(TCP_CONGESTION),
    NAMED(TCP_MD5SIG),
    NAMED(TCP_USER_TIMEOUT),
    {"TCP_KEEPINIT", TCP_USER_TIMEOUT},  // of BSD; in seconds: calls_options.cc
    NAMED(TCP_FASTOPEN),
    NAMED(TCP_TIMESTAMP),
    NAMED(TCP_NOTSENT_LOWAT),
    NAMED(TCP_CC_INFO),
    NAMED(TCP_SAVE_SYN),
    NAMED(TCP_SAVED_SYN),
    NAMED(TCP_FASTOPEN_CONNECT),
    NAMED(TCP_FASTOPEN_KEY),
    NAMED(TCP_FASTOPEN_NO_COOKIE),
    NAMED(TCP_INQ),
    NAMED(TCP_TX_DELAY),
    NAMED(TCP_REPAIR),
    NAMED(TCP_ZEROCOPY_RECEIVE),
    NAMED(TCP_THIN_LINEAR_TIMEOUTS),
    NAMED(MSG_OOB),
    NAMED(MSG_PEEK),
    NAMED(MSG_DONTROUTE),
    NAMED(MSG_CTRUNC),
    NAMED(MSG_TRUNC),
    NAMED(MSG_DONTWAIT),
    NAMED(MSG_EOR),
    NAMED(MSG_WAITALL),
    NAMED(MSG_CONFIRM),
    NAMED(MSG_ERRQUEUE),
    NAMED(MSG_NOSIGNAL),
    NAMED(MSG_MORE),
    NAMED(MSG_FASTOPEN),
    NAMED(MSG_ZEROCOPY),
    NAMED(MSG_WAITFORONE),
    NAMED(MSG_CMSG_CLOEXEC),
    NAMED(O_RDONLY),
    NAMED(O_WRONLY),
    NAMED(O_RDWR),
    NAMED(O_NONBLOCK),
    NAMED(O_CREAT),
    NAMED(O_TRUNC),
    NAMED(O_APPEND),
    NAMED(F_GETFL),
    NAMED(F_SETFL),
    NAMED(F_GETFD),
    NAMED(F_SETFD),
    NAMED(F_DUPFD),
    NAMED(FD_CLOEXEC),
    NAMED(POLLIN),
    NAMED(POLLPRI),
    NAMED(POLLOUT),
    NAMED(POLLERR),
    NAMED(POLLHUP),
    NAMED(POLLNVAL),
    NAMED(POLLRDNORM),
    NAMED(POLLRDBAND),
    NAMED(POLLWRNORM),
    NAMED(POLLWRBAND),
    NAMED(POLLRDHUP),
    NAMED(EPOLLIN),
    NAMED(EPOLLPRI),
    NAMED(EPOLLOUT),
    NAMED(EPOLLERR),
    NAMED(EPOLLHUP),
    NAMED(EPOLLRDHUP),
    NAMED(EPOLLRDNORM),
    NAMED(EPOLLWRNORM),
    NAMED(EPOLLET),
    NAMED(EPOLLONESHOT),
    NAMED(EPOLL_CTL_ADD),
    NAMED(EPOLL_CTL_MOD),
    NAMED(EPOLL_CTL_DEL),
    NAMED(EPOLL_CLOEXEC),
    NAMED(SHUT_RD),
    NAMED(SHUT_WR),
    NAMED(SHUT_RDWR),
    NAMED(FIONREAD),
    NAMED(FIONBIO),
    NAMED(SIOCINQ),
    NAMED(SIOCOUTQ),
    NAMED(SIOCOUTQNSD),
    NAMED(SIOCATMARK),
    NAMED(IP_TOS),
    NAMED(IP_TTL),
    NAMED(IP_MTU),
    NAMED(IP_MTU_DISCOVER),
    NAMED(IP_PMTUDISC_WANT),
    NAMED(IP_PMTUDISC_DONT),
    NAMED(IP_PMTUDISC_DO),
    NAMED(IP_PMTUDISC_PROBE),
    NAMED(IP_RECVERR),
    NAMED(IP_RECVTOS),
    NAMED(IP_FREEBIND),
    NAMED(IP_BIND_ADDRESS_NO_PORT),
    NAMED(IPV6_TCLASS),
    NAMED(IPV6_UNICAST_HOPS),
    NAMED(IPV6_RECVERR),
    NAMED(IPV6_V6ONLY),
    NAMED(IPV6_MTU),
    NAMED(IPV6_MTU_DISCOVER),
    NAMED(IPV6_RECVTCLASS),
    NAMED(SOL_ANTEROOM),
    NAMED(ANTEROOM_HOLD_SYN),
    NAMED(ANTEROOM_DEFER_ASIDE),
    NAMED(ANTEROOM_CONSUME_CALLER_DATA),
    NAMED(ANTEROOM_OVERLOAD),
    NAMED(ANTEROOM_CALLER_DATA),
    NAMED(ANTEROOM_RESPONSE_BYTES),
    NAMED(ANTEROOM_CALLER_BYTES_TAKEN),
    NAMED(ANTEROOM_HANDSHAKE_FIRST),
    NAMED(ANTEROOM_MARKED),
    NAMED(ANTEROOM_CONNECT_DATA),
    NAMED(ANTEROOM_UNMARKED),
    NAMED(ANTEROOM_MARKED_IF_UNDERSTOOD),
    NAMED(ANTEROOM_MARKED_ONLY),
    NAMED(ANTEROOM_OVERLOAD_DROP),
    NAMED(ANTEROOM_OVERLOAD_RESET),
    NAMED(ANTEROOM_OVERLOAD_CHALLENGE),
    {"TCP_CM_INQ", TCP_INQ},
};

#undef NAMED

constexpr int kErrnoMax = 133;

const std::unordered_map<std::string_view, std::int64_t>& table() {
  static const auto names = [] {
    std::unordered_map<std::string_view, std::int64_t> by_name;
    for (const Named& named : kNames) by_name.emplace(named.name, named.value);
    return by_name;
  }();
  return names;
}

}  // namespace

std::optional<std::int64_t> symbol(std::string_view name) {
  const auto found = table().find(name);
  if (found == table().end()) return std::nullopt;
  return found->second;
}

std::string errno_name(int number) {
  const char* name = strerrorname_np(number);
  return name != nullptr ? name : std::to_string(number);
}

std::optional<int> errno_number(std::string_view name) {
  if (name == "EWOULDBLOCK") return EAGAIN;
  if (name == "EDEADLOCK") return EDEADLK;
  for (int number = 1; number <= kErrnoMax; ++number) {
    const char* known = strerrorname_np(number);
    if (known != nullptr && name == known) return number;
  }
  return std::nullopt;
}

}  // namespace anteroom::runner
