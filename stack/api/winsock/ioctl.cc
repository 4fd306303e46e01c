// WSPIoctl: non-blocking mode, what is readable, extension functions, QoS, keepalive times.
#include <algorithm>
#include <optional>

#include <anteroom/winsock.h>

#include "stack/api/winsock/accept.h"
#include "stack/api/winsock/address.h"
#include "stack/api/winsock/entry_points.h"
#include "stack/api/winsock/overlapped.h"
#include "stack/api/winsock/quality.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

struct Exchange {
  Bytes in;
  MutableBytes out;
  DWORD written = 0;

  template <typename T>
  std::optional<T> read() const {
    if (in.size() < sizeof(T)) return std::nullopt;
    T value;
    std::copy_n(in.begin(), sizeof value, reinterpret_cast<std::uint8_t*>(&value));
    return value;
  }
  template <typename T>
  int write(const T& value) {
    if (out.size() < sizeof value) return WSAEFAULT;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&value), sizeof value, out.begin());
    written = sizeof value;
    return 0;
  }
};

int set_non_blocking(Socket& socket, const Exchange& exchange) {
  const auto on = exchange.read<u_long>();
  if (!on) return WSAEFAULT;
  if (*on == 0 && socket.event_mask != 0) return WSAEINVAL;  // WSPEventSelect wants it so
  socket.non_blocking = *on != 0;
  return 0;
}

int find_extension(Exchange& exchange) {
  const auto id = exchange.read<GUID>();
  if (!id) return WSAEFAULT;
  if (*id == WSAID_ACCEPTEX) return exchange.write<LPFN_ACCEPTEX>(AcceptEx);
  if (*id == WSAID_CONNECTEX) return exchange.write<LPFN_CONNECTEX>(ConnectEx);
  if (*id == WSAID_GETACCEPTEXSOCKADDRS) {
    return exchange.write<LPFN_GETACCEPTEXSOCKADDRS>(GetAcceptExSockaddrs);
  }
  return WSAEINVAL;
}

int set_quality(Call& call, const Exchange& exchange) {
  const auto quality = exchange.read<QOS>();
  if (!quality) return WSAEFAULT;
  std::optional<std::uint8_t> dscp;
  const int error = read_quality(*quality, dscp);
  if (error != 0) return error;
  Socket& socket = call.socket();
  socket.quality = *quality;
  if (dscp && socket.connection.is_set()) {
    (void)call.stack().set_dscp(call.now(), socket.connection, *dscp);
  }
  return 0;
}

int set_keepalive_times(Call& call, const Exchange& exchange) {
  const auto times = exchange.read<tcp_keepalive>();
  if (!times) return WSAEFAULT;
  SocketOptions& options = call.socket().options;
  options.keepalive = times->onoff != 0;
  if (options.keepalive) {
    if (times->keepalivetime == 0 || times->keepaliveinterval == 0) return WSAEINVAL;
    options.keepalive_times.idle = std::chrono::milliseconds(times->keepalivetime);
    options.keepalive_times.interval = std::chrono::milliseconds(times->keepaliveinterval);
  }
  apply_options(call.provider(), call.socket());
  return 0;
}

// SOCKET_ADDRESS_LIST with its addresses behind it: what the interface has.
int list_addresses(Call& call, Exchange& exchange) {
  struct Entry {
    sockaddr* name;
    int name_length;
  };
  struct List {
    int count;
    Entry first;
  };
  const auto& own = call.stack().config().interface.addresses;
  const std::size_t entries_end = offsetof(List, first) + own.size() * sizeof(Entry);
  const std::size_t bytes = entries_end + own.size() * sizeof(sockaddr_in);
  exchange.written = static_cast<DWORD>(bytes);
  if (exchange.out.size() < bytes) return WSAEFAULT;
  const auto count = static_cast<int>(own.size());
  std::uint8_t* const start = exchange.out.data();
  std::copy_n(reinterpret_cast<const std::uint8_t*>(&count), sizeof count, start);
  for (std::size_t i = 0; i < own.size(); ++i) {
    std::uint8_t* const at = start + entries_end + i * sizeof(sockaddr_in);
    const sockaddr_in name = to_sockaddr({own[i].address, 0});
    const Entry entry{reinterpret_cast<sockaddr*>(at), kAddressBytes};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&name), sizeof name, at);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&entry), sizeof entry,
                start + offsetof(List, first) + i * sizeof entry);
  }
  return 0;
}

int control(Call& call, DWORD code, Exchange& exchange) {
  Socket& socket = call.socket();
  Provider& provider = call.provider();
  switch (code) {
    case WS_FIONBIO: return set_non_blocking(socket, exchange);
    case WS_FIONREAD: return exchange.write<u_long>(unread_bytes(provider, socket));
    case WS_SIOCATMARK: return exchange.write<BOOL>(has_urgent(provider, socket) ? 0 : 1);
    case SIO_GET_EXTENSION_FUNCTION_POINTER: return find_extension(exchange);
    case SIO_GET_QOS: return exchange.write(socket.quality.value_or(quality_of(0)));
    case SIO_SET_QOS: return set_quality(call, exchange);
    case SIO_KEEPALIVE_VALS: return set_keepalive_times(call, exchange);
    case SIO_ADDRESS_LIST_QUERY: return list_addresses(call, exchange);
    default: return WSAEOPNOTSUPP;  // also group QoS, which is reserved
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size)
int WSPIoctl(SOCKET s, DWORD code, void* in, DWORD in_bytes, void* out, DWORD out_bytes,
             DWORD* returned, WSAOVERLAPPED* overlapped,
             LPWSAOVERLAPPED_COMPLETION_ROUTINE completion, WSATHREADID* thread, int* error) {
  (void)thread;
  const Routine routine{completion, this_thread()};
  Call call(s);
  if (call.error() != 0) return ended(call.error(), error);
  if (returned == nullptr && overlapped == nullptr) return ended(WSAEFAULT, error);
  Exchange exchange{{static_cast<const std::uint8_t*>(in), in == nullptr ? 0 : in_bytes},
                    {static_cast<std::uint8_t*>(out), out == nullptr ? 0 : out_bytes}};
  const int result = control(call, code, exchange);
  if (returned != nullptr) *returned = exchange.written;
  // None of them takes time, so an overlapped one is complete at once.
  if (overlapped != nullptr) {
    begin(call.provider(), *overlapped, routine);
    complete(call.provider(), Transfer{overlapped, {}, 0, exchange.written, routine}, result);
  }
  return ended(result, error);
}

}  // namespace anteroom::winsock
