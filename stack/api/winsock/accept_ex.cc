// AcceptEx and GetAcceptExSockaddrs. Each address area holds the address at its start; both areas
// must be 16 bytes larger than it, as the books say.
#include "stack/api/winsock/accept_ex.h"

#include <algorithm>

#include <anteroom/winsock.h>

#include "stack/api/winsock/accept.h"
#include "stack/api/winsock/address.h"
#include "stack/api/winsock/connect.h"
#include "stack/api/winsock/events.h"
#include "stack/api/winsock/overlapped.h"
#include "stack/api/winsock/transfer.h"

namespace anteroom::winsock {
namespace {

constexpr DWORD kAreaBytesMin = kAddressBytes + 16;

void finish(Provider& provider, Socket& acceptor, int error, DWORD bytes) {
  WSAOVERLAPPED& overlapped = *acceptor.accepting->overlapped;
  acceptor.accepting.reset();
  complete(provider, overlapped, error, bytes);
}

void write_area(const Endpoint& endpoint, std::uint8_t* area) {
  int length = kAddressBytes;
  write_address(endpoint, reinterpret_cast<sockaddr*>(area), &length);
}

// The operation at the front of the listener's queue takes the request at the head.
void match(Provider& provider, Socket& listener) {
  const AcceptOperation operation = listener.accepts.front();
  listener.accepts.pop_front();
  Socket& acceptor = *provider.sockets.find(operation.acceptor);
  if (operation.local_bytes < kAreaBytesMin || operation.remote_bytes < kAreaBytesMin) {
    return finish(provider, acceptor, ERROR_INSUFFICIENT_BUFFER, 0);  // the request waits on
  }
  const std::vector<std::uint8_t> data = listener.data_to_send;
  if (listener.requests.front().gone) {
    listener.requests.pop_front();
    return finish(provider, acceptor, WSAECONNRESET, 0);
  }
  const Taken taken =
      take_head(provider, listener, {.response_data = data, .overflow_to_stream = true});
  if (taken.error != 0) return finish(provider, acceptor, taken.error, 0);
  adopt(provider, acceptor, taken);
  acceptor.needs_context = true;
  on_adopted(provider, acceptor);
  progress_acceptor(provider, acceptor);
}

// 0, or why the acceptor cannot be one.
int reject_acceptor(const Socket& acceptor) {
  const bool fresh = acceptor.phase == Phase::open && !acceptor.local && !acceptor.accepting;
  return fresh ? 0 : WSAEINVAL;
}

int begin_accept(Call& call, const AcceptOperation& operation) {
  if (call.error() != 0) return call.error();
  Provider& provider = call.provider();
  Socket* const acceptor = provider.sockets.find(operation.acceptor);
  if (acceptor == nullptr) return WSAENOTSOCK;
  if (operation.overlapped == nullptr) return ERROR_INVALID_PARAMETER;
  if (call.socket().phase != Phase::listening) return WSAEINVAL;
  const int bad = reject_acceptor(*acceptor);
  if (bad != 0) return bad;
  if (operation.buffer == nullptr || operation.remote_bytes == 0) return WSAEFAULT;
  begin(provider, *operation.overlapped, {});
  acceptor->accepting = operation;
  Socket& listener = call.socket();
  listener.accepts.push_back(operation);
  unlatch(listener, FD_ACCEPT);
  progress_accepts(provider, listener);
  indicate(provider, listener);
  return ERROR_IO_PENDING;
}

}  // namespace

void progress_accepts(Provider& provider, Socket& listener) {
  while (listener.deciding == nullptr && !listener.requests.empty() && !listener.accepts.empty()) {
    match(provider, listener);
  }
}

void progress_acceptor(Provider& provider, Socket& acceptor) {
  const AcceptOperation& operation = *acceptor.accepting;
  if (!acceptor.connection.is_set()) return;
  const bool over = acceptor.ended.has_value();
  if (!acceptor.established && !over) return;
  if (!acceptor.established) return finish(provider, acceptor, WSAECONNRESET, 0);
  DWORD received = 0;
  if (operation.receive_bytes != 0) {
    const WSABUF buffer{operation.receive_bytes, reinterpret_cast<CHAR*>(operation.buffer)};
    const Moved moved = receive_now(provider, acceptor, {&buffer, 1}, 0, 0);
    if (moved.error == WSAEWOULDBLOCK) return;
    if (moved.error != 0) return finish(provider, acceptor, moved.error, 0);
    received = moved.bytes;
  }
  std::uint8_t* const local_area = operation.buffer + operation.receive_bytes;
  write_area(*acceptor.local, local_area);
  write_area(acceptor.remote, local_area + operation.local_bytes);
  finish(provider, acceptor, 0, received);
}

// NOLINTBEGIN(readability-function-size,readability-identifier-naming)

BOOL AcceptEx(SOCKET listener, SOCKET acceptor, void* buffer, DWORD receive_bytes,
              DWORD local_bytes, DWORD remote_bytes, DWORD* received, WSAOVERLAPPED* overlapped) {
  if (received != nullptr) *received = 0;
  Call call(listener);
  WSASetLastError(begin_accept(call, {listener, acceptor, static_cast<std::uint8_t*>(buffer),
                                      receive_bytes, local_bytes, remote_bytes, overlapped}));
  return 0;
}

void GetAcceptExSockaddrs(void* buffer, DWORD receive_bytes, DWORD local_bytes, DWORD remote_bytes,
                          sockaddr** local, int* local_length, sockaddr** remote,
                          int* remote_length) {
  (void)remote_bytes;
  auto* const area = static_cast<std::uint8_t*>(buffer) + receive_bytes;
  *local = reinterpret_cast<sockaddr*>(area);
  *remote = reinterpret_cast<sockaddr*>(area + local_bytes);
  *local_length = *remote_length = kAddressBytes;
}

// NOLINTEND(readability-function-size,readability-identifier-naming)

}  // namespace anteroom::winsock
