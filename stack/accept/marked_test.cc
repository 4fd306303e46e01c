// Marked connect data: outside the stream at both ends, whichever way it travels.
// conditional-accept 3.
#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>
#include <anteroom/testing/peer.h>

namespace anteroom::testing {
namespace {

PeerOptions marked(ListenOptions listener = {}) {
  PeerOptions options;
  listener.conditional = listener.marked = true;
  options.listener = listener;
  return options;
}

std::string connect_data(Peer& peer) {
  std::vector<std::uint8_t> data(kMarkedBytesMax);
  const auto taken = peer.stack().receive_connect_data(peer.now(), peer.connection, data);
  return taken ? std::string(text_of(Bytes(data).first(*taken))) : to_string(taken.error().error);
}

// --- The server ---

TEST(MarkedServer, CallerAndResponseDataAreOutsideTheStream) {
  Peer peer(marked());
  peer.sends("S 0:5(5) win 65535 <mss 1460,cdata 5> \"hello\"");
  const PendingId pending = *peer.requested();
  const Request seen = peer.stack().request(peer.now(), pending).value();
  EXPECT_TRUE(seen.marked);
  EXPECT_EQ(text_of(seen.caller_data), "hello");
  ASSERT_TRUE(peer.accept(pending, "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 6 win 65535 <mss 1460,cdata 5> \"world\""), "");
  peer.sends("P. 6:9(3) ack 6 \"abc\"");
  EXPECT_EQ(peer.reads(), "abc");
  EXPECT_TRUE(peer.stack().connection_info(peer.connection)->marked);
}

// The announced length counts: the data goes without the SYN-ACK's third copy.
TEST(MarkedServer, EverySynAckSaysTheLength) {
  Peer peer(marked());
  peer.sends("S 0:0(0) win 65535 <mss 1460,cdata 0>");
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(peer.sees("S. 0:5(5) ack 1 win 65535 <mss 1460,cdata 5> \"world\""), "");
    peer.passes(10s);
  }
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 win 65535 <mss 1460,cdata 5>"), "");
  peer.sends(". 1:1(0) ack 1");
  EXPECT_EQ(peer.sees("P. 1:6(5) ack 1 win 65535 <> \"world\""), "");
}

TEST(MarkedServer, AnOrdinaryListenerDoesNotAnswerTheOption) {
  PeerOptions options = marked();
  options.listener.marked = false;
  Peer peer(options);
  peer.sends("S 0:5(5) win 65535 <mss 1460,cdata 5> \"hello\"");
  const PendingId pending = *peer.requested();
  EXPECT_FALSE(peer.stack().request(peer.now(), pending)->marked);
  ASSERT_TRUE(peer.accept(pending));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 6 win 65535 <mss 1460>"), "");
  EXPECT_EQ(peer.reads(), "hello");
}

TEST(MarkedServer, ALengthThatIsNotTheDatasIsNoMarking) {
  for (const char* option : {"cdata 4", "cdata 6", "cdata 4095", "cdata 65535"}) {
    Peer peer(marked());
    peer.sends(std::string("S 0:5(5) win 65535 <mss 1460,") + option + "> \"hello\"");
    EXPECT_FALSE(peer.stack().request(peer.now(), *peer.requested())->marked) << option;
  }
}

// The SYN that carried the data was lost; what arrives later is the caller data still.
TEST(MarkedServer, CallerDataThatComesAfterTheVerdict) {
  Peer peer(marked());
  peer.sends("S 0:0(0) win 65535 <mss 1460,cdata 5>");
  ASSERT_TRUE(peer.accept(*peer.requested(), "world"));
  EXPECT_EQ(peer.sees("S. 0:5(5) ack 1"), "");
  peer.sends("P. 1:4(3) ack 6 \"hel\"");
  EXPECT_EQ(connect_data(peer), "would_block");
  EXPECT_EQ(peer.reads(), "");
  peer.sends("P. 4:9(5) ack 6 \"loabc\"");
  EXPECT_EQ(connect_data(peer), "hello");
  EXPECT_EQ(connect_data(peer), "");
  EXPECT_EQ(peer.reads(), "abc");
}

TEST(MarkedServer, WhoReadsTheStreamGivesItUp) {
  Peer peer(marked());
  peer.sends("S 0:0(0) win 65535 <mss 1460,cdata 5>");
  ASSERT_TRUE(peer.accept(*peer.requested()));
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1"), "");
  peer.sends("P. 1:9(8) ack 1 \"helloabc\"");
  std::uint8_t out[8];
  EXPECT_EQ(*peer.stack().peek(peer.connection, 0, out), 3u);
  EXPECT_EQ(peer.reads(), "abc");
  EXPECT_EQ(connect_data(peer), "");
}

TEST(MarkedServer, AnswersOfMoreThanASynAckAreSaidInTheStream) {
  Peer peer(marked());
  peer.sends("S 0:0(0) win 65535 <mss 1460,cdata 0>");
  const PendingId pending = *peer.requested();
  const std::uint32_t room = peer.stack().request(peer.now(), pending)->response_bytes_max;
  const std::string response(200, 'r');
  ASSERT_LT(room, 200u);
  EXPECT_EQ(peer.accept(pending, response).error(), (Failure{Error::too_large, room}));
  const auto made = peer.stack().accept(
      peer.now(), pending, {.response_data = bytes_of(response), .overflow_to_stream = true});
  ASSERT_TRUE(made);
  const std::string head = "\\x00\\xc8" + response.substr(0, room - 2);
  EXPECT_EQ(peer.sees("S. 0:" + std::to_string(room) + "(" + std::to_string(room) +
                      ") ack 1 win 65535 <mss 1460,cdata 65535> \"" + head + "\""),
            "");
}

TEST(MarkedServer, HandshakeFirstSaysItInTheStream) {
  Peer peer(marked({.handshake_first = true}));
  peer.sends("S 0:5(5) win 65535 <mss 1460,cdata 5> \"hello\"");
  EXPECT_EQ(peer.sees("S. 0:0(0) ack 1 win 65535 <mss 1460,cdata 65535>"), "");
  peer.sends(". 1:4(3) ack 1 \"hel\"");
  EXPECT_FALSE(peer.requested());  // not whole yet
  peer.sends("P. 4:9(5) ack 1 \"loabc\"");
  const PendingId pending = *peer.requested();
  EXPECT_EQ(text_of(peer.stack().request(peer.now(), pending)->caller_data), "hello");
  while (!peer.next().empty()) {
  }
  ASSERT_TRUE(peer.accept(pending, "world"));
  EXPECT_EQ(peer.sees("P. 1:8(7) ack 9 \"\\x00\\x05world\""), "");
  EXPECT_EQ(peer.reads(), "abc");
}

// --- Both ends ---

Config server_config() { return test_config(1); }

struct Ends {
  explicit Ends(ListenOptions listener) {
    listener.local = {{}, 80};
    listener.conditional = true;
    pair.server.listen(listener).value();
  }

  ConnectionId connect(std::string_view data, bool require = true) {
    return pair.client
        .connect(pair.now(), {.remote = {pair.server_address(), 80},
                              .caller_data = bytes_of(data),
                              .marked = true,
                              .require_marked = require})
        .value();
  }
  PendingId requested() {
    for (const Event& event : pair.take_events(pair.server)) {
      if (event.kind == EventKind::connection_requested) return event.pending;
    }
    return {};
  }
  bool client_heard(EventKind kind, std::optional<Error> error = std::nullopt) {
    for (const Event& event : pair.take_events(pair.client)) {
      if (event.kind == kind && (!error || (event.failed && event.error == *error))) return true;
    }
    return false;
  }
  std::string client_connect_data(ConnectionId id) {
    std::vector<std::uint8_t> data(kMarkedBytesMax);
    const auto taken = pair.client.receive_connect_data(pair.now(), id, data);
    return taken ? std::string(text_of(Bytes(data).first(*taken))) : to_string(taken.error().error);
  }
  static std::string read(Stack& stack, Instant now, ConnectionId id) {
    std::vector<std::uint8_t> data(65536);
    const auto taken = stack.receive_into(now, id, data);
    return taken ? std::string(text_of(Bytes(data).first(*taken))) : to_string(taken.error().error);
  }

  Pair pair{server_config()};
};

std::string_view response_of(std::size_t bytes) {
  static const std::string text(kMarkedBytesMax, 'r');
  return std::string_view(text).substr(0, bytes);
}

// Every way there is: SYN and SYN-ACK, SYN-ACK payload lost, response in the stream, handshake
// first, challenge. The stream is the same.
TEST(Marked, BothEndsOverEveryWay) {
  enum class Way { plain, lost_answer, overflow, handshake_first, challenge };
  for (const Way way :
       {Way::plain, Way::lost_answer, Way::overflow, Way::handshake_first, Way::challenge}) {
    for (const std::size_t bytes : {0u, 5u, 3'000u}) {
      if (bytes == 3'000 && way != Way::overflow && way != Way::handshake_first) continue;
      SCOPED_TRACE(static_cast<int>(way) * 10'000 + static_cast<int>(bytes));
      Ends ends({.handshake_first = way == Way::handshake_first, .marked = true});
      Pair& pair = ends.pair;
      const ConnectionId client = ends.connect("hello");
      pair.run(500ms);
      EXPECT_FALSE(ends.client_heard(EventKind::connected));
      PendingId pending = ends.requested();
      if (way == Way::challenge) {
        ASSERT_TRUE(pair.server.challenge(pair.now(), pending));
        pair.run(500ms);
        pending = ends.requested();
      }
      const auto seen = pair.server.request(pair.now(), pending);
      ASSERT_TRUE(seen);
      EXPECT_TRUE(seen->marked);
      EXPECT_EQ(text_of(seen->caller_data), "hello");
      int lose = way == Way::lost_answer ? 3 : 0;
      pair.set_wire([&](Toward toward, std::vector<std::uint8_t>& frame) {
        return toward == Toward::server || frame.size() < 60 || lose == 0 || lose-- == 0;
      });
      const auto server = pair.server.accept(
          pair.now(), pending,
          {.response_data = bytes_of(response_of(bytes)), .overflow_to_stream = true});
      ASSERT_TRUE(server);
      ASSERT_TRUE(pair.server.send(pair.now(), *server, bytes_of("SERVER")));
      ASSERT_TRUE(pair.client.send(pair.now(), client, bytes_of("CLIENT")));
      pair.run(30s);
      EXPECT_TRUE(ends.client_heard(EventKind::connected));
      EXPECT_TRUE(pair.client.connection_info(client)->marked);
      EXPECT_EQ(ends.client_connect_data(client), response_of(bytes));
      EXPECT_EQ(Ends::read(pair.client, pair.now(), client), "SERVER");
      EXPECT_EQ(Ends::read(pair.server, pair.now(), *server), "CLIENT");
    }
  }
}

// The option that repeats the mark takes its room from the data, of which the stream may be full.
TEST(Marked, ACookieIsAnsweredInFullSegments) {
  Ends ends({.marked = true, .fast_open = FastOpen::cookie});
  Pair& pair = ends.pair;
  const std::string caller_data(1'400, 'c');
  const ConnectionId client = pair.client
                                  .connect(pair.now(), {.remote = {pair.server_address(), 80},
                                                        .caller_data = bytes_of(caller_data),
                                                        .marked = true,
                                                        .fast_open = FastOpen::cookie})
                                  .value();
  const std::string stream(20'000, 's');
  ASSERT_TRUE(pair.client.send(pair.now(), client, bytes_of(stream)));
  pair.run(500ms);
  ASSERT_TRUE(pair.server.challenge(pair.now(), ends.requested()));
  pair.run(500ms);
  const PendingId pending = ends.requested();
  EXPECT_EQ(text_of(pair.server.request(pair.now(), pending)->caller_data), caller_data);
  const auto server = pair.server.accept(pair.now(), pending, {}).value();
  pair.run(5s);
  EXPECT_EQ(Ends::read(pair.server, pair.now(), server), stream);
}

TEST(Marked, RejectedAfterTheHandshakeTheClientWasNeverConnected) {
  Ends ends({.handshake_first = true, .marked = true});
  ends.connect("hello");
  ends.pair.run(500ms);
  ASSERT_TRUE(ends.pair.server.reject(ends.pair.now(), ends.requested()));
  ends.pair.run(500ms);
  EXPECT_TRUE(ends.client_heard(EventKind::closed, Error::reset_by_peer));
}

// The same bytes for the same sequence numbers, or no connection.
TEST(Marked, APlainServerGetsItAsStreamOrNotAtAll) {
  for (const bool require : {false, true}) {
    for (const bool conditional : {false, true}) {
      Pair pair;
      const auto listener =
          pair.server.listen({.local = {{}, 80}, .conditional = conditional}).value();
      const ConnectionId client = pair.client
                                      .connect(pair.now(), {.remote = {pair.server_address(), 80},
                                                            .caller_data = bytes_of("hello"),
                                                            .marked = true,
                                                            .require_marked = require})
                                      .value();
      pair.run(500ms);
      ConnectionId server;
      if (conditional) {
        const auto events = pair.take_events(pair.server);
        ASSERT_FALSE(events.empty());
        server = pair.server.accept(pair.now(), events[0].pending, {}).value();
      }
      pair.run(500ms);
      if (require) {
        const auto events = pair.take_events(pair.client);
        ASSERT_EQ(events.size(), 1u);  // it was never connected
        EXPECT_EQ(events[0].kind, EventKind::closed);
        EXPECT_EQ(events[0].error, Error::not_marked);
        continue;
      }
      if (!conditional) server = pair.server.take(listener).value();
      EXPECT_EQ(Ends::read(pair.server, pair.now(), server), "hello");
      EXPECT_FALSE(pair.client.connection_info(client)->marked);
    }
  }
}

// A cookie is fetched by a SYN that says how much caller data follows; the next one carries it.
TEST(Marked, WithFastOpen) {
  Ends ends({.marked = true, .fast_open = FastOpen::cookie});
  Pair& pair = ends.pair;
  for (const bool validated : {false, true}) {
    const ConnectionId client = pair.client
                                    .connect(pair.now(), {.remote = {pair.server_address(), 80},
                                                          .caller_data = bytes_of("hello"),
                                                          .marked = true,
                                                          .fast_open = FastOpen::cookie})
                                    .value();
    pair.run(500ms);
    const PendingId pending = ends.requested();
    const auto seen = pair.server.request(pair.now(), pending);
    ASSERT_TRUE(seen);
    EXPECT_TRUE(seen->marked);
    EXPECT_EQ(seen->address_validated, validated);
    EXPECT_EQ(text_of(seen->caller_data), validated ? "hello" : "");
    const auto server =
        pair.server.accept(pair.now(), pending, {.response_data = bytes_of("world")});
    ASSERT_TRUE(server);
    pair.run(500ms);
    EXPECT_TRUE(ends.client_heard(EventKind::connected));
    EXPECT_EQ(ends.client_connect_data(client), "world");
    std::uint8_t late[16];
    EXPECT_EQ(*pair.server.receive_connect_data(pair.now(), *server, late), validated ? 0u : 5u);
  }
}

// An owner who only waits for the stream hears of it even where connect data fills the buffer that
// the stream has to come through.
TEST(Marked, ConnectDataThatFillsTheBufferIsReadable) {
  Config small = test_config(2);
  small.limits.receive_buffer_bytes_max = 4'096;
  Pair pair(test_config(1), small);
  const auto listener =
      pair.server.listen({.local = {{}, 80}, .conditional = true, .marked = true});
  ASSERT_TRUE(listener);
  const ConnectionId client =
      pair.client.connect(pair.now(), {.remote = {pair.server_address(), 80}, .marked = true})
          .value();
  pair.run(500ms);
  const PendingId pending = pair.next_event(pair.server)->pending;
  const auto server = pair.server.accept(
      pair.now(), pending,
      {.response_data = bytes_of(response_of(kMarkedBytesMax)), .overflow_to_stream = true});
  ASSERT_TRUE(server);
  ASSERT_TRUE(pair.server.send(pair.now(), *server, bytes_of("stream")));
  pair.run(3s);
  std::string read;
  for (int i = 0; i < 2; ++i) {
    for (const Event& event : pair.take_events(pair.client)) {
      if (event.kind == EventKind::readable) read = Ends::read(pair.client, pair.now(), client);
    }
    pair.run(3s);
  }
  EXPECT_EQ(read, "stream");
}

TEST(Marked, RequireAloneIsAMistake) {
  Pair pair;
  EXPECT_EQ(
      pair.client
          .connect(pair.now(), {.remote = {pair.server_address(), 80}, .require_marked = true})
          .error()
          .error,
      Error::invalid_argument);
  EXPECT_EQ(pair.server.listen({.local = {{}, 80}, .marked = true}).error().error,
            Error::invalid_argument);
}

}  // namespace
}  // namespace anteroom::testing
