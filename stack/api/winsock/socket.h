// What the provider keeps of one socket and of one event object: plain data, without behaviour.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include <anteroom/driver.h>
#include <anteroom/winsock/constants.h>

namespace anteroom::winsock {

struct EventObject {
  std::uintptr_t handle = 0;
  bool signalled = false;
};

enum class Phase : std::uint8_t {
  open,        // fresh or bound; also after a connect that failed
  listening,   // has `listener`
  connecting,  // has `connection`, whose handshake is not complete
  connected,   // has `connection`, whatever became of it
};

// What an accepted socket has of its listener, and SO_UPDATE_ACCEPT_CONTEXT copies.
struct SocketOptions {
  bool reuse_address = false;
  bool exclusive_address = false;
  bool keepalive = false;
  bool dont_route = false;
  bool broadcast = false;
  bool debug = false;
  bool oob_inline = false;
  bool no_delay = false;
  bool fast_open = false;
  std::optional<std::int32_t> send_buffer_bytes;     // answered, not obeyed: the stack sizes them
  std::optional<std::int32_t> receive_buffer_bytes;  // as above
  DWORD send_timeout_ms = 0;
  DWORD receive_timeout_ms = 0;
  linger lingers{};
  KeepaliveConfig keepalive_times{};
};

// A request that waits at a listener, in the order of arrival.
struct QueuedRequest {
  PendingId id{};
  bool deferred = false;      // CF_DEFER was the last answer
  std::optional<Error> gone;  // why it can no longer be accepted; to be told once
};

// What an overlapped call is to run when it is complete, in a wait of the thread that made it.
struct Routine {
  LPWSAOVERLAPPED_COMPLETION_ROUTINE call = nullptr;
  const void* thread = nullptr;
};

// An overlapped send or receive. The buffers are the application's until it is complete.
struct Transfer {
  WSAOVERLAPPED* overlapped = nullptr;
  std::vector<WSABUF> buffers;
  DWORD flags = 0;
  DWORD moved = 0;  // bytes so far
  Routine routine{};
};

// AcceptEx, at the listener until it has a request, at the acceptor until that is established.
struct AcceptOperation {
  SOCKET listener = 0;
  SOCKET acceptor = 0;
  std::uint8_t* buffer = nullptr;
  DWORD receive_bytes = 0;
  DWORD local_bytes = 0;
  DWORD remote_bytes = 0;
  WSAOVERLAPPED* overlapped = nullptr;
};

struct ConnectOperation {
  WSAOVERLAPPED* overlapped = nullptr;
  std::vector<std::uint8_t> data;  // what the caller gave
  std::size_t sent = 0;
};

struct Socket {
  SOCKET handle = 0;
  Phase phase = Phase::open;
  bool overlapped = false;  // made with WSA_FLAG_OVERLAPPED
  bool non_blocking = false;
  SocketOptions options;
  std::optional<Endpoint> local;  // bound, by bind() or by connecting
  Endpoint remote{};              // of a connection
  int last_error = 0;             // SO_ERROR

  // --- Listener ---
  bool conditional_accept = false;
  ListenerId listener{};
  std::deque<QueuedRequest> requests;
  const void* deciding = nullptr;  // the thread that runs the condition function on the head
  std::deque<AcceptOperation> accepts;

  // --- Connection ---
  ConnectionId connection{};
  bool handshake_done = false;
  bool established = false;  // and the peer is one to talk to
  bool peer_closed = false;
  std::optional<int> ended;  // the connection is over: 0 in order, else the error
  bool receive_shut = false;
  bool send_shut = false;
  bool send_ended = false;                  // and all that was to be sent before is taken
  bool send_blocked = false;                // the last send took less than it was offered
  bool close_told = false;                  // FD_CLOSE was recorded
  std::optional<std::uint8_t> urgent_byte;  // taken out of the stream, not yet read with MSG_OOB
  bool urgent_read_ahead = false;           // read with MSG_OOB, and still in the stream
  bool connect_failed = false;              // the last connect did
  int connect_error = 0;                    // how
  bool needs_context = false;  // by AcceptEx or ConnectEx, before SO_UPDATE_..._CONTEXT
  Instant connected_at{};
  std::deque<Transfer> sends;
  std::deque<Transfer> receives;
  std::optional<AcceptOperation> accepting;  // this is the acceptor
  std::optional<ConnectOperation> connecting;

  // --- Connect data, quality of service ---
  bool unmarked_allowed = false;            // SO_CONNDATA_UNMARKED
  std::vector<std::uint8_t> data_to_send;   // SO_CONNDATA as set
  std::vector<std::uint8_t> data_received;  // SO_CONNDATA as read
  std::optional<DWORD> data_room;           // SO_CONNDATALEN
  WSABUF* callee_data = nullptr;            // of the connect in progress, to be filled
  std::optional<QOS> quality;               // SIO_SET_QOS, or as connected

  // --- Network events ---
  HANDLE event = nullptr;
  LONG event_mask = 0;
  LONG latched = 0;  // happened and not yet enumerated, whatever the mask
  std::array<int, FD_MAX_EVENTS> codes{};
};

}  // namespace anteroom::winsock
