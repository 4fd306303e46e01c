// What a descriptor refers to, as values: a socket with its options and what the stack told about
// it, or an epoll set. Not here: what calls do with them.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <anteroom/stack.h>

namespace anteroom::posix {

struct File;
struct Socket;

enum class Phase : std::uint8_t {
  fresh,       // without a connection: new, or its connect() failed
  deferred,    // TCP_FASTOPEN_CONNECT: the first write sends the SYN
  listening,   //
  connecting,  // SYN-SENT
  connected,   // has or had a connection
};

// As setsockopt() left them; the defaults are those of Linux.
struct SocketOptions {
  bool reuse_address = false;
  bool reuse_port = false;
  bool keepalive = false;
  bool oob_inline = false;
  bool no_delay = false;
  bool cork = false;
  bool quick_ack = true;
  bool broadcast = false;
  bool dont_route = false;
  bool save_syn = false;
  bool report_inq = false;
  bool fast_open_connect = false;
  bool fast_open_no_cookie = false;
  bool v6_only = false;
  bool hold_syn = false;
  bool defer_aside = false;
  bool consume_caller_data = false;
  bool handshake_first = false;
  int marked = 0;
  int overload = 0;
  int priority = 0;
  int type_of_service = 0;  // of IPv4 packets
  int traffic_class = 0;    // of IPv6 packets
  int fast_open_queue = 0;
  int defer_accept_seconds = 0;
  int linger_2_seconds = 60;
  int receive_low_water = 1;
  std::uint32_t not_sent_low_water = 0;    // 0: no bound
  std::uint32_t send_buffer_bytes = 0;     // 0: what the stack has
  std::uint32_t receive_buffer_bytes = 0;  // 0: what the stack has

  // Its connections come as requests of the stack: held SYNs, or those whose SYN is to be saved.
  bool takes_requests() const { return hold_syn || save_syn; }
  std::optional<std::int32_t> linger;  // in seconds
  Duration receive_timeout{};          // 0: none
  Duration send_timeout{};             // 0: none
  Duration user_timeout{};
  KeepaliveConfig keepalive_times;
  std::optional<CongestionAlgorithm> congestion;
  std::vector<std::uint8_t> caller_data;
};

// A request that the stack indicated and that has no verdict yet.
struct Waiting {
  PendingId id{};
  bool deferred = false;
  bool judged = false;  // a condition function looks at it now, in the thread `judge`
  std::thread::id judge{};
};

// One epoll interest. Belongs to its set; the socket knows it too.
struct Interest {
  struct EpollSet* set = nullptr;
  int fd = -1;
  File* file = nullptr;
  epoll_event event{};
  bool armed = true;    // false: EPOLLONESHOT has fired
  bool queued = false;  // in the set's list of what may be ready
};

struct EpollSet {
  std::map<std::pair<int, File*>, std::unique_ptr<Interest>> interests;
  std::list<Interest*> ready;
};

// What TCP_FASTOPEN and TCP_FASTOPEN_NO_COOKIE make of a listener.
inline FastOpen fast_open_of(const SocketOptions& options) {
  if (options.fast_open_queue <= 0) return FastOpen::off;
  return options.fast_open_no_cookie ? FastOpen::cookie_less : FastOpen::cookie;
}

struct Socket {
  sa_family_t family = AF_INET;  // AF_INET6: of both versions
  Phase phase = Phase::fresh;
  bool is_closed = false;        // its last descriptor is
  bool connect_unread = false;   // how connect() ended was not told by connect() yet
  bool peer_closed = false;      // FIN
  bool read_shut = false;        // by shutdown(), or because the connection is over
  bool write_shut = false;       // the same
  bool is_over = false;          // both directions ended: the stack said `closed`
  bool holds_more = false;       // the last send() said MSG_MORE
  bool is_corked = false;        // the stack knows of that, or of TCP_CORK
  bool wants_room = false;       // a send or a poll found none
  bool is_taken = false;         // out of the stack's accept queue
  bool may_be_accepted = false;  // TCP_DEFER_ACCEPT: data came, or the time is over
  int error = 0;                 // SO_ERROR
  std::optional<Endpoint> bound;
  std::optional<Endpoint> given_name;  // by bind(): what `bound` is again without a connection
  Endpoint remote{};                   // Phase::deferred
  ConnectionId connection{};
  Instant arrived_at{};
  std::optional<std::uint64_t> urgent_at;       // stream position of the urgent byte
  std::optional<std::uint64_t> urgent_read_at;  // stream position of the byte that MSG_OOB took
  SocketOptions options;
  std::vector<std::uint8_t> saved_syn;  // TCP_SAVED_SYN

  // Phase::listening
  ListenerId listener{};
  std::uint32_t backlog = 0;
  std::deque<Waiting> requests;                // ANTEROOM_HOLD_SYN
  std::list<std::unique_ptr<Socket>> arrived;  // otherwise: established, for accept()

  Socket* parent = nullptr;  // of one that was not accepted yet: its listener
  std::vector<Interest*> watchers;
};

// An open file description: several descriptors may share it.
struct File {
  std::uint32_t references = 0;   // of FileRef
  std::uint32_t descriptors = 0;  // in the table
  bool non_blocking = false;
  std::unique_ptr<Socket> socket;  // one of the two is set
  std::unique_ptr<EpollSet> epoll;
};

// Keeps a File while a call uses it, also after its last descriptor was closed.
class FileRef {
 public:
  FileRef() = default;
  explicit FileRef(File* file) : file_(file) { acquire(); }
  FileRef(const FileRef& other) : file_(other.file_) { acquire(); }
  FileRef(FileRef&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
  FileRef& operator=(FileRef other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileRef() {
    if (file_ != nullptr && --file_->references == 0) delete file_;
  }

  explicit operator bool() const { return file_ != nullptr; }
  File* get() const { return file_; }
  File* operator->() const { return file_; }
  File& operator*() const { return *file_; }

 private:
  void acquire() {
    if (file_ != nullptr) ++file_->references;
  }

  File* file_ = nullptr;
};

}  // namespace anteroom::posix
