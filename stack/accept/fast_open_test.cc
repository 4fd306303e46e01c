// Fast Open at both ends, and the cookies themselves: RFC 7413 4 and 5.
#include "stack/accept/fast_open.h"

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

using Check = FastOpenCookies::Check;

constexpr IpAddress kServer = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kClient = IpAddress::v4(192, 0, 2, 2);

PeerOptions server(FastOpen fast_open, std::uint32_t pending_max = 256) {
  PeerOptions options;
  options.listener.fast_open = fast_open;
  options.listener.fast_open_pending_max = pending_max;
  return options;
}

// What stands between `FO ` and the end of the options in a segment.
std::string cookie_in(const std::string& segment) {
  const std::size_t at = segment.find("FO ");
  return at == std::string::npos ? "" : segment.substr(at + 3, 16);
}

std::string syn_with(const std::string& cookie, const std::string& data) {
  const std::string size = std::to_string(data.size());
  return "S 0:" + size + "(" + size + ") win 65535 <mss 1000,FO " + cookie + "> \"" + data + "\"";
}

// What a stack of the same seed gives this client.
std::string cookie_given() {
  Peer peer(server(FastOpen::cookie));
  peer.sends("S 0:0(0) win 65535 <mss 1000,FO>");
  return cookie_in(peer.next());
}

// RFC 7413 4.1.2: a cookie is bound to the client's address, only the server can make one, and it
// expires.
TEST(FastOpenCookie, IsBoundToAddressesAndPeriod) {
  const FastOpenCookies cookies(HashKey{1}, 1h);
  const Instant now{10h};
  const FastOpenCookie cookie = cookies.make(now, kServer, kClient);
  EXPECT_EQ(cookie.size, 8);
  EXPECT_EQ(cookies.check(now, kServer, kClient, cookie), Check::current);
  EXPECT_EQ(cookies.check(now + 1h, kServer, kClient, cookie), Check::previous);
  EXPECT_EQ(cookies.check(now + 2h, kServer, kClient, cookie), Check::invalid);
  EXPECT_EQ(cookies.check(now - 1h, kServer, kClient, cookie), Check::invalid);
  EXPECT_EQ(cookies.check(now, kClient, kServer, cookie), Check::invalid);
  EXPECT_EQ(cookies.check(now, kServer, kServer, cookie), Check::invalid);
  // A key that others share: any period, and the value that Linux has for these addresses.
  const FastOpenCookies shared(HashKey{0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2, 0xc3, 0xc3,
                                       0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4});
  const FastOpenCookie linux_cookie =
      shared.make(now, IpAddress::v4(192, 168, 0, 1), IpAddress::v4(192, 0, 2, 1));
  constexpr std::uint8_t kLinux[] = {0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb};
  EXPECT_TRUE(std::equal(std::begin(kLinux), std::end(kLinux), linux_cookie.bytes.begin()));
  EXPECT_EQ(FastOpenCookies(HashKey{2}, 1h).check(now, kServer, kClient, cookie), Check::invalid);
  FastOpenCookie longer = cookie;
  longer.size = 16;
  EXPECT_EQ(cookies.check(now, kServer, kClient, longer), Check::invalid);
  EXPECT_EQ(cookies.check(now, kServer, kClient, {}), Check::invalid);
}

// RFC 7413 4.1.3, 4.1.3.1: a bounded cache, and pauses that double.
TEST(FastOpenServers, ForgetsTheLeastRecentlyUsed) {
  Limits limits;
  limits.fast_open_servers_max = 2;
  FastOpenServers servers(limits);
  const IpAddress a = IpAddress::v4(1), b = IpAddress::v4(2), c = IpAddress::v4(3);
  servers.on_cookie(Instant(1s), a, FastOpenCookie(8, {}), 1460);
  servers.on_cookie(Instant(2s), b, FastOpenCookie(8, {}), 1460);
  (void)servers.find(Instant(3s), a);
  servers.on_cookie(Instant(4s), c, FastOpenCookie(8, {}), 1460);
  EXPECT_EQ(servers.size(), 2u);
  EXPECT_NE(servers.find(Instant(5s), a), nullptr);
  EXPECT_EQ(servers.find(Instant(5s), b), nullptr);
  limits.fast_open_servers_max = 0;
  FastOpenServers none(limits);
  none.on_cookie(Instant(1s), a, FastOpenCookie(8, {}), 1460);
  none.on_lost(Instant(1s), a);
  EXPECT_EQ(none.find(Instant(1s), a), nullptr);
}

TEST(FastOpenServers, PausesDoubleUntilSomethingGetsThrough) {
  FastOpenServers servers((Limits()));
  const IpAddress a = IpAddress::v4(1);
  Instant now{1s};
  EXPECT_TRUE(servers.may_use(now, {a, 80}));
  for (const Duration pause : {4min, 8min, 16min}) {
    servers.on_lost(now, a);
    EXPECT_FALSE(servers.may_use(now + pause - 1s, {a, 80}));
    EXPECT_TRUE(servers.may_use(now + pause, {a, 80}));
  }
  for (int i = 0; i < 20; ++i) servers.on_lost(now, a);
  EXPECT_FALSE(servers.may_use(now + 36h - 1s, {a, 80}));
  EXPECT_TRUE(servers.may_use(now + 36h, {a, 80}));
  servers.on_cookie(now, a, FastOpenCookie(8, {}), 1460);
  EXPECT_TRUE(servers.may_use(now, {a, 80}));
  servers.on_lost(now, a);
  EXPECT_TRUE(servers.may_use(now + 4min, {a, 80}));
}

// RFC 7413 4.1.3.1: negative answers are the port's.
TEST(FastOpenServers, APortThatRefusesDoesNotSpeakForTheOthers) {
  FastOpenServers servers((Limits()));
  const IpAddress a = IpAddress::v4(1);
  const Instant now{1s};
  servers.on_cookie(now, a, FastOpenCookie(8, {}), 1460);
  servers.on_refused(now, {a, 80});
  EXPECT_FALSE(servers.may_use(now, {a, 80}));
  EXPECT_TRUE(servers.may_use(now, {a, 443}));
  servers.on_cookie(now, a, FastOpenCookie(8, {}), 1460);
  EXPECT_FALSE(servers.may_use(now, {a, 80}));
  servers.on_lost(now, a);
  EXPECT_FALSE(servers.may_use(now, {a, 443}));
}

// RFC 7413 5.1: what the client resets counts on, for 30 to 60 seconds.
TEST(FastOpenPending, ResetsKeepTheirPlaceForAWhile) {
  FastOpenPending pending;
  Instant now{100s};
  pending.on_opened();
  EXPECT_FALSE(pending.has_room(now, 1));
  pending.on_reset(now);
  EXPECT_FALSE(pending.has_room(now, 1));
  EXPECT_FALSE(pending.has_room(now + 30s, 1));
  EXPECT_TRUE(pending.has_room(now + 60s, 1));
  pending.on_opened();
  pending.on_completed();
  EXPECT_TRUE(pending.has_room(now + 60s, 1));
  EXPECT_FALSE(pending.has_room(now + 60s, 0));
}

// RFC 7413 4.2.1: who asks for a cookie gets it in the SYN-ACK, once; data does not count yet.
TEST(FastOpenServer, GivesACookie) {
  Peer peer(server(FastOpen::cookie));
  peer.sends("S 0:5(5) win 65535 <mss 1000,FO> \"hello\"");
  const std::string answer = peer.next();
  EXPECT_EQ(cookie_in(answer), cookie_given());
  EXPECT_EQ(cookie_in(answer).size(), 16u);
  EXPECT_TRUE(answer.starts_with("S. 0:0(0) ack 1 ")) << answer;
  EXPECT_FALSE(peer.event());
  peer.passes(1s);
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 <mss 1460>"), "");
  EXPECT_EQ(peer.stack().stats().fast_open_cookies_out, 1u);
}

TEST(FastOpenServer, SaysNothingWhereItIsOff) {
  Peer peer(server(FastOpen::off));
  peer.sends("S 0:5(5) win 65535 <mss 1000,FO> \"hello\"");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 <mss 1460>"), "");
}

// RFC 6994 3: the option as it was before it had a kind is understood and answered so.
TEST(FastOpenServer, AnswersTheExperimentalForm) {
  Peer peer(server(FastOpen::cookie));
  const std::string cookie = cookie_given();
  peer.sends("S 0:0(0) win 65535 <mss 1000,FOEXP>");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 <mss 1460,FOEXP " + cookie + ">"), "");

  Peer again(server(FastOpen::cookie));
  again.sends("S 0:5(5) win 65535 <mss 1000,FOEXP " + cookie + "> \"hello\"");
  EXPECT_EQ(again.sees("S. 0:0(0) ack 6 <mss 1460>"), "");
}

// RFC 7413 4.2.2: with a valid cookie the data is acknowledged and delivered, the answer may leave,
// and the handshake ends as always.
TEST(FastOpenServer, TakesDataBehindAValidCookie) {
  Peer peer(server(FastOpen::cookie));
  peer.sends(syn_with(cookie_given(), "hello"));
  ASSERT_TRUE(peer.event(EventKind::accept_ready));
  peer.connection = peer.stack().take(peer.listener()).value();
  EXPECT_EQ(peer.state(), State::syn_received);
  EXPECT_TRUE(peer.stack().connection_info(peer.connection)->fast_open);
  EXPECT_EQ(peer.reads(), "hello");
  EXPECT_TRUE(peer.writes("world"));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6 <mss 1460>"), "");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends("P. 6:9(3) ack 6 win 1000 \"you\"");
  EXPECT_EQ(peer.state(), State::established);
  EXPECT_EQ(peer.reads(), "you");
  EXPECT_FALSE(peer.event(EventKind::connected));
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->unacknowledged_bytes, 0u);
  EXPECT_EQ(peer.stack().stats().fast_open_accepted, 1u);
  EXPECT_EQ(peer.stack().stats().retransmit_timeouts, 0u);
}

// RFC 7413 4.2.2, RFC 6928: what leaves before the last acknowledgment keeps to the SYN's window
// and to the initial one.
TEST(FastOpenServer, EarlyDataKeepsToBothWindows) {
  Peer peer(server(FastOpen::cookie));
  const std::string cookie = cookie_given();
  peer.sends("S 0:1(1) win 1500 <mss 1000,wscale 7,FO " + cookie + ">");
  peer.connection = peer.stack().take(peer.listener()).value();
  EXPECT_TRUE(peer.writes(std::string(40'000, 'w')));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 2"), "");
  EXPECT_EQ(peer.sees(". 1:1001(1000) ack 2"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  peer.sends(". 2:2(0) ack 1001 win 1000");
  EXPECT_EQ(peer.sees(". 1001:2001(1000) ack 2"), "");

  Peer wide(server(FastOpen::cookie));
  wide.sends("S 0:1(1) win 65535 <mss 1000,FO " + cookie + ">");
  wide.connection = wide.stack().take(wide.listener()).value();
  EXPECT_TRUE(wide.writes(std::string(40'000, 'w')));
  int segments = 0;
  while (!wide.next().empty()) ++segments;
  EXPECT_EQ(segments, 1 + 10);
}

// A client that missed the first SYN-ACK has thrown away what came behind it: it goes again as soon
// as the handshake is complete.
TEST(FastOpenServer, EarlyDataBehindALostSynAckGoesAgain) {
  Peer peer(server(FastOpen::cookie));
  peer.sends(syn_with(cookie_given(), "hello"));
  peer.connection = peer.stack().take(peer.listener()).value();
  EXPECT_TRUE(peer.writes("world"));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6"), "");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6"), "");
  peer.passes(1s);
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6 <mss 1460>"), "");
  peer.sends(". 6:6(0) ack 1");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 6 \"world\""), "");
  peer.sends(". 6:6(0) ack 6");
  EXPECT_EQ(peer.sees_nothing(), "");
  EXPECT_EQ(peer.stack().connection_info(peer.connection)->unacknowledged_bytes, 0u);
}

TEST(FastOpenServer, EarlyFinIsAcknowledgedWithTheHandshake) {
  Peer peer(server(FastOpen::cookie));
  peer.sends(syn_with(cookie_given(), "hello"));
  peer.connection = peer.stack().take(peer.listener()).value();
  EXPECT_EQ(peer.reads(), "hello");
  EXPECT_TRUE(peer.writes("bye"));
  EXPECT_TRUE(peer.stack().shutdown(peer.now(), peer.connection));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6"), "");
  EXPECT_EQ(peer.sees("FP. 1:4(3) ack 6 \"bye\""), "");
  peer.sends(". 6:6(0) ack 5");
  EXPECT_EQ(peer.state(), State::fin_wait_2);
}

// RFC 7413 4.2.2: an invalid cookie means an ordinary handshake and a fresh cookie; one of the
// previous period is as good as new and replaced.
TEST(FastOpenServer, ReplacesCookies) {
  PeerOptions options = server(FastOpen::cookie);
  options.config.limits.fast_open_key_period = 1h;
  Peer peer(options);
  peer.sends(syn_with("0011223344556677", "hello"));
  const std::string answer = peer.next();
  EXPECT_TRUE(answer.starts_with("S. 0:0(0) ack 1 ")) << answer;
  const std::string cookie = cookie_in(answer);
  EXPECT_EQ(cookie.size(), 16u);
  EXPECT_FALSE(peer.event());
  EXPECT_EQ(peer.stack().stats().fast_open_refused, 1u);
  peer.sends("R 1:1(0) win 0");

  peer.passes(1h);
  peer.sends(syn_with(cookie, "hello"));
  const std::string later = peer.next();
  EXPECT_NE(later.find(" ack 6 "), std::string::npos) << later;
  EXPECT_EQ(cookie_in(later).size(), 16u);
  EXPECT_NE(cookie_in(later), cookie);
}

// RFC 7413 5.1: above the bound of pending ones the handshake is an ordinary one.
TEST(FastOpenServer, BoundsWhatIsPending) {
  Peer peer(server(FastOpen::cookie, 0));
  peer.sends(syn_with(cookie_given(), "hello"));
  const std::string answer = peer.next();
  EXPECT_TRUE(answer.starts_with("S. 0:0(0) ack 1 ")) << answer;
  EXPECT_EQ(cookie_in(answer).size(), 16u);

  Peer one(server(FastOpen::cookie, 1));
  one.sends(syn_with(cookie_given(), "hello"));
  EXPECT_EQ(one.sees("S. 0:0(0) ack 6"), "");
  EXPECT_EQ(one.sees_nothing(), "");
  one.sends("R 6:6(0) win 0");
  EXPECT_TRUE(one.event(EventKind::closed));
  EXPECT_TRUE(one.stack().close(one.now(), one.stack().take(one.listener()).value()));
  one.sends("S 1000:1005(5) win 65535 <mss 1000,FO " + cookie_given() + ">");
  const std::string second = one.next();
  EXPECT_NE(second.find(" ack 1001 "), std::string::npos) << second;
}

TEST(FastOpenServer, TakesDataWithoutACookieWhereToldTo) {
  Peer peer(server(FastOpen::cookie_less));
  peer.sends("S 0:5(5) win 65535 <mss 1000> \"hello\"");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6 <mss 1460>"), "");
  EXPECT_TRUE(peer.event(EventKind::accept_ready));
}

// A listener that closes takes its pending ones with it.
TEST(FastOpenServer, ListenerClosesWithPendingConnections) {
  Peer peer(server(FastOpen::cookie_less));
  peer.sends("S 0:5(5) win 65535 <mss 1000> \"hello\"");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6"), "");
  EXPECT_TRUE(peer.stack().close(peer.now(), peer.listener()));
  EXPECT_EQ(peer.sees("R. 1:1(0) ack 6"), "");
  EXPECT_EQ(peer.sees_nothing(), "");
  while (peer.event()) {
  }
  EXPECT_EQ(peer.stack().stats().connections, 0u);
}

// conditional-accept 3 and 4: a valid cookie validates the address, and with it the bound on what
// the SYN-ACK may carry falls; who asks for a cookie gets it when accepted.
TEST(FastOpenConditional, ACookieValidatesTheAddress) {
  PeerOptions options = server(FastOpen::cookie);
  options.listener.conditional = true;
  Peer peer(options);
  const std::string cookie = cookie_given();
  peer.sends(syn_with(cookie, "hello"));
  const PendingId pending = *peer.requested();
  const Request request = *peer.stack().request(peer.now(), pending);
  EXPECT_TRUE(request.address_validated);
  EXPECT_TRUE(request.options.fast_open);
  EXPECT_EQ(request.response_bytes_max, 1000u - 4);
  EXPECT_TRUE(peer.accept(pending, std::string(996, 'r')));
  EXPECT_EQ(peer.sees("S. 0:996(996) ack 6 <mss 1460>"), "");
  EXPECT_TRUE(peer.stack().connection_info(peer.connection)->fast_open);
}

TEST(FastOpenConditional, TheSynAckOfTheAcceptedBringsTheCookie) {
  PeerOptions options = server(FastOpen::cookie);
  options.listener.conditional = true;
  Peer peer(options);
  peer.sends("S 0:0(0) win 65535 <mss 1000,FO>");
  const PendingId pending = *peer.requested();
  const Request request = *peer.stack().request(peer.now(), pending);
  EXPECT_FALSE(request.address_validated);
  // Three times 48 bytes, less the headers and the cookie.
  EXPECT_EQ(request.response_bytes_max, 3u * 48 - 40 - 4 - 12);
  EXPECT_TRUE(peer.accept(pending, std::string(request.response_bytes_max, 'r')));
  EXPECT_EQ(cookie_in(peer.next()), cookie_given());
  peer.passes(1s);
  EXPECT_EQ(peer.sees("S. 0:88(88) ack 1 <mss 1460>"), "");
}

}  // namespace
}  // namespace anteroom::testing
