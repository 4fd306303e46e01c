// Few servers are known: they are looked through, as few paths are by the path MTU's cache.
#include "stack/accept/fast_open.h"

#include <algorithm>

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

// Both addresses as they are in the IP header, the client's first.
std::uint64_t shared_hash(const HashKey& key, const IpAddress& server, const IpAddress& client) {
  const std::size_t size = client.is_v4() ? 4 : 16;
  std::array<std::uint8_t, 32> bytes;
  copy_bytes(bytes, Bytes(client.octets()).last(size));
  copy_bytes(MutableBytes(bytes).subspan(size), Bytes(server.octets()).last(size));
  return keyed_hash(key, Bytes(bytes).first(2 * size));
}

}  // namespace

// --- Server ---

std::uint64_t FastOpenCookies::hash(std::uint64_t period, const IpAddress& server,
                                    const IpAddress& client) const {
  if (is_shared_) return shared_hash(key_, server, client);
  std::array<std::uint8_t, 40> bytes;
  copy_bytes(bytes, client.octets());
  copy_bytes(MutableBytes(bytes).subspan(16), server.octets());
  store_be32(bytes.data() + 32, static_cast<std::uint32_t>(period >> 32));
  store_be32(bytes.data() + 36, static_cast<std::uint32_t>(period));
  return keyed_hash(key_, bytes);
}

FastOpenCookie FastOpenCookies::make(Instant now, const IpAddress& server,
                                     const IpAddress& client) const {
  const std::uint64_t bits = hash(period_of(now), server, client);
  FastOpenCookie cookie;
  cookie.size = kBytes;
  store_be32(cookie.bytes.data(), static_cast<std::uint32_t>(bits >> 32));
  store_be32(cookie.bytes.data() + 4, static_cast<std::uint32_t>(bits));
  return cookie;
}

FastOpenCookies::Check FastOpenCookies::check(Instant now, const IpAddress& server,
                                              const IpAddress& client,
                                              const FastOpenCookie& cookie) const {
  if (cookie.size != kBytes) return Check::invalid;
  const std::uint64_t bits =
      std::uint64_t{load_be32(cookie.bytes.data())} << 32 | load_be32(cookie.bytes.data() + 4);
  const std::uint64_t period = period_of(now);
  if (bits == hash(period, server, client)) return Check::current;
  return bits == hash(period - 1, server, client) ? Check::previous : Check::invalid;
}

// --- Client ---

FastOpenServers::FastOpenServers(const Limits& limits)
    : servers_max_(limits.fast_open_servers_max),
      pause_min_(limits.fast_open_pause_min),
      pause_max_(limits.fast_open_pause_max) {}

FastOpenServers::Server* FastOpenServers::known(const IpAddress& address) {
  const auto at = std::find_if(servers_.begin(), servers_.end(),
                               [&](const Server& server) { return server.address == address; });
  return at == servers_.end() ? nullptr : &*at;
}

FastOpenServers::Server* FastOpenServers::make(Instant now, const IpAddress& address) {
  Server* server = known(address);
  if (server == nullptr && servers_.size() < servers_max_) {
    server = &servers_.emplace_back();
    server->address = address;
  } else if (server == nullptr && !servers_.empty()) {
    server =
        &*std::min_element(servers_.begin(), servers_.end(),
                           [](const Server& a, const Server& b) { return a.used_at < b.used_at; });
    *server = {};
    server->address = address;
  }
  if (server != nullptr) server->used_at = now;
  return server;
}

const FastOpenServers::Server* FastOpenServers::find(Instant now, const IpAddress& address) {
  Server* server = known(address);
  if (server != nullptr) server->used_at = now;
  return server;
}

bool FastOpenServers::may_use(Instant now, const Endpoint& server) {
  const Server* found = known(server.address);
  if (found == nullptr || found->paused_until <= now) return true;
  return found->paused_port != 0 && found->paused_port != server.port;
}

void FastOpenServers::on_cookie(Instant now, const IpAddress& address, const FastOpenCookie& cookie,
                                std::uint16_t mss) {
  Server* server = make(now, address);
  if (server == nullptr) return;
  server->cookie = cookie;
  server->mss = mss;
  server->losses = 0;
  // Another port that knows nothing of it still does not.
  if (server->paused_port == 0) server->paused_until = {};
}

void FastOpenServers::on_taken(Instant now, const IpAddress& address, std::uint16_t mss) {
  Server* server = make(now, address);
  if (server == nullptr) return;
  server->mss = mss;
  server->losses = 0;
}

void FastOpenServers::on_refused(Instant now, const Endpoint& server) {
  Server* found = make(now, server.address);
  if (found == nullptr) return;
  found->paused_port = server.port;
  found->paused_until = now + pause_min_;
}

void FastOpenServers::on_lost(Instant now, const IpAddress& address) {
  Server* server = make(now, address);
  if (server == nullptr) return;
  Duration pause = pause_min_;
  for (std::uint8_t i = 0; i < server->losses && pause < pause_max_; ++i) pause *= 2;
  if (server->losses != UINT8_MAX) ++server->losses;
  server->paused_port = 0;
  server->paused_until = now + std::min(pause, pause_max_);
}

// --- A listener's count ---

void FastOpenPending::turn(Instant now) {
  constexpr Duration kTurn = 30s;
  const auto turn = static_cast<std::uint64_t>(now.time_since_epoch() / kTurn);
  if (turn == turn_) return;
  resets_before_ = turn == turn_ + 1 ? resets_ : 0;
  resets_ = 0;
  turn_ = turn;
}

void FastOpenPending::on_reset(Instant now) {
  on_completed();
  turn(now);
  ++resets_;
}

bool FastOpenPending::has_room(Instant now, std::uint32_t pending_max) {
  turn(now);
  return std::uint64_t{pending_} + resets_ + resets_before_ < pending_max;
}

}  // namespace anteroom
