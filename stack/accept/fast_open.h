// TCP Fast Open, RFC 7413: the cookies that a server gives and checks, the cookies that a client
// keeps, and how many connections a listener opens before their handshake is complete.
// Not here: the option's bytes (wire/tcp_options.h), what a cookie changes in a handshake
// (../fast_open.cc).
#pragma once

#include <optional>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/limits.h>

#include "stack/base/keyed_hash.h"
#include "stack/wire/tcp_options.h"

namespace anteroom {

// How the option of one SYN or SYN-ACK is written.
enum class FastOpenOption : std::uint8_t {
  none,
  standard,      // kind 34
  experimental,  // kind 254, RFC 6994
};

inline FastOpenOption form_of(const FastOpenCookie& cookie) {
  return cookie.experimental ? FastOpenOption::experimental : FastOpenOption::standard;
}

// RFC 7413 4.1.2. A cookie is the keyed hash of both addresses and of the period it was made in, so
// that each period has a key of its own and nothing is stored. Valid are those of the current and
// of the previous period. Under a shared key it is the hash of both addresses alone, as on Linux.
class FastOpenCookies {
 public:
  FastOpenCookies(const HashKey& key, Duration period) : key_(key), period_(period) {}
  explicit FastOpenCookies(const HashKey& shared_key) : key_(shared_key), is_shared_(true) {}

  FastOpenCookie make(Instant now, const IpAddress& server, const IpAddress& client) const;
  enum class Check : std::uint8_t { invalid, previous, current };
  Check check(Instant now, const IpAddress& server, const IpAddress& client,
              const FastOpenCookie& cookie) const;

  static constexpr std::uint8_t kBytes = 8;
  static constexpr std::uint32_t kOptionBytes = 12;  // in either form, with its padding

 private:
  std::uint64_t hash(std::uint64_t period, const IpAddress& server, const IpAddress& client) const;
  std::uint64_t period_of(Instant now) const {
    return static_cast<std::uint64_t>(now.time_since_epoch() / period_);
  }

  HashKey key_;
  Duration period_ = 1h;
  bool is_shared_ = false;
};

// What a client knows of a server's Fast Open: RFC 7413 4.1.3. By address: a cookie serves every
// port, and a path that drops such SYNs drops those to any; but each port may know it or not.
class FastOpenServers {
 public:
  explicit FastOpenServers(const Limits& limits);

  struct Server {
    IpAddress address;
    FastOpenCookie cookie;  // of size 0: none
    std::uint16_t mss = 0;  // what its SYN-ACK announced; 0: not known
    std::uint8_t losses = 0;
    std::uint16_t paused_port = 0;  // 0: every one
    Instant paused_until{};
    Instant used_at{};
  };
  // Null where nothing is known. Valid until the next call.
  const Server* find(Instant now, const IpAddress& address);
  // False while the server is left alone: neither option nor data, please.
  bool may_use(Instant now, const Endpoint& server);

  // Its SYN-ACK brought a cookie, the peer's MSS, or both.
  void on_cookie(Instant now, const IpAddress& address, const FastOpenCookie& cookie,
                 std::uint16_t mss);
  // It took data without giving a cookie: what is known stays, and the path is good.
  void on_taken(Instant now, const IpAddress& address, std::uint16_t mss);
  // It answered our option or data with neither: RFC 7413 4.1.3.1. Of several ports that do so the
  // last one is remembered.
  void on_refused(Instant now, const Endpoint& server);
  // Nothing but a plain SYN got an answer.
  void on_lost(Instant now, const IpAddress& address);

  std::size_t size() const { return servers_.size(); }

 private:
  Server* known(const IpAddress& address);
  Server* make(Instant now, const IpAddress& address);

  std::uint32_t servers_max_;
  Duration pause_min_;
  Duration pause_max_;
  std::vector<Server> servers_;
};

// PendingFastOpenRequests of RFC 7413 4.2.2: connections whose data was taken and whose handshake
// is not complete. One that the client resets keeps its place for a while (5.1): else whoever
// forges the address of a host that resets what it does not know would never meet the limit.
class FastOpenPending {
 public:
  void on_opened() { ++pending_; }
  void on_completed() { --pending_; }
  void on_reset(Instant now);
  bool has_room(Instant now, std::uint32_t pending_max);

 private:
  void turn(Instant now);

  std::uint32_t pending_ = 0;
  std::uint32_t resets_ = 0;  // in the current half-minute, and in the one before
  std::uint32_t resets_before_ = 0;
  std::uint64_t turn_ = 0;
};

}  // namespace anteroom
