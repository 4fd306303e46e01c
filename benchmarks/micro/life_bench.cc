// Whole lives between two stacks in memory: handshake, one byte echoed, close; bulk; and what held
// requests and idle connections cost in memory, counted by the allocator.
#include <malloc.h>

#include <benchmark/benchmark.h>

#include "benchmarks/micro/frames.h"

namespace anteroom::benchmarks {
namespace {

// Two stacks joined by one buffer; no latency, no loss.
class Hosts {
 public:
  explicit Hosts(std::uint32_t connections)
      : server_(bench_config(connections)),
        client_(client_config(connections)),
        frame_(server_.frame_bytes_max()) {
    listener_ =
        server_.listen({.local = {{}, kPort}, .conditional = true, .backlog_max = UINT32_MAX})
            .value();
    now_ += 1ms;
  }

  Stack& server() { return server_; }
  Stack& client() { return client_; }
  Instant now() const { return now_; }

  void shuttle() {
    for (bool moved = true; moved;) {
      moved = false;
      while (const std::size_t size = client_.next_frame(now_, frame_)) {
        server_.receive(now_, Bytes(frame_).first(size));
        moved = true;
      }
      while (const std::size_t size = server_.next_frame(now_, frame_)) {
        client_.receive(now_, Bytes(frame_).first(size));
        moved = true;
      }
    }
    now_ += 100us;
    server_.advance(now_);
    client_.advance(now_);
  }

  // A connection, accepted with response data. Ids of client and server side.
  std::pair<ConnectionId, ConnectionId> open() {
    const ConnectionId from =
        client_.connect(now_, {.remote = {kServer, kPort}, .caller_data = bytes_of("hi")}).value();
    shuttle();
    ConnectionId to;
    while (const auto event = server_.next_event()) {
      if (event->kind != EventKind::connection_requested) continue;
      to = server_.accept(now_, event->pending, {.response_data = bytes_of("yo")}).value();
    }
    shuttle();
    return {from, to};
  }

  void forget_events() {
    while (server_.next_event() || client_.next_event()) {
    }
  }

 private:
  static Config client_config(std::uint32_t connections) {
    Config config = testing::test_config(2);
    config.limits.connections_max = connections;
    config.ephemeral_port_min = 1024;
    config.tcp.msl = 1ms;  // TIME-WAIT must not fill the table
    return config;
  }

  Stack server_;
  Stack client_;
  Instant now_{1s};
  ListenerId listener_{};
  std::vector<std::uint8_t> frame_;
};

// SYN with data, verdict, SYN-ACK with data, one byte there and back, close both ways.
void BM_HandshakeEchoClose(benchmark::State& state) {
  const auto others = static_cast<std::uint32_t>(state.range(0));
  Hosts hosts(others + 70'000);
  std::uint8_t buffer[64];
  for (std::uint32_t i = 0; i < others; ++i) hosts.open();
  hosts.forget_events();
  for (auto _ : state) {
    const auto [from, to] = hosts.open();
    (void)hosts.client().send(hosts.now(), from, bytes_of("e"));
    hosts.shuttle();
    const auto got = hosts.server().receive_into(hosts.now(), to, buffer);
    (void)hosts.server().send(hosts.now(), to, Bytes(buffer).first(*got));
    hosts.shuttle();
    (void)hosts.client().receive_into(hosts.now(), from, buffer);
    (void)hosts.client().close(hosts.now(), from);
    hosts.shuttle();
    (void)hosts.server().close(hosts.now(), to);
    hosts.shuttle();
    hosts.forget_events();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_HandshakeEchoClose)->Arg(0)->Arg(10'000);

void BM_Bulk(benchmark::State& state) {
  Hosts hosts(16);
  const auto [from, to] = hosts.open();
  std::vector<std::uint8_t> data(256 << 10);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    (void)hosts.client().send(hosts.now(), from, data);
    hosts.shuttle();
    std::size_t got = 0;
    while ((got = hosts.server().receive_into(hosts.now(), to, data).value_or(0)) != 0) {
      bytes += static_cast<std::int64_t>(got);
    }
    hosts.forget_events();
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_Bulk);

// Bytes that the allocator has handed out and not got back.
std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

constexpr std::uint32_t kMany = 50'000;

// All of a stack with that many idle established connections, less an empty one's, by connection.
void BM_BytesPerIdleConnection(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = allocated();
    Config config = bench_config(kMany);
    config.limits.requests_max = config.limits.requests_per_source_max = 64;
    Stack stack(config);
    introduce_neighbor(stack, Instant(1s));
    (void)stack.listen({.local = {{}, kPort}, .backlog_max = UINT32_MAX});
    std::vector<std::uint8_t> out(stack.frame_bytes_max());
    for (std::uint32_t i = 0; i < kMany; ++i) {
      stack.receive(Instant(1s), syn_from(i, {}));
      (void)stack.next_frame(Instant(1s), out);
      const std::uint32_t iss = std::uint32_t{out[38]} << 24 | std::uint32_t{out[39]} << 16 |
                                std::uint32_t{out[40]} << 8 | out[41];
      TcpOptions options;
      options.has_timestamp = true;
      options.timestamp_value = i;
      stack.receive(Instant(1s),
                    frame_from(client(i), tcp_flag::ack, 1'000'001 + i, iss + 1, options, {}));
      while (stack.next_frame(Instant(1s), out) != 0 || stack.next_event()) {
      }
    }
    if (stack.stats().connections_opened != kMany) state.SkipWithError("not all were established");
    state.counters["bytes"] = static_cast<double>(allocated() - before) / kMany;
  }
}
BENCHMARK(BM_BytesPerIdleConnection)->Iterations(1);

// The same of held requests with 64 bytes of caller data.
void BM_BytesPerHeldRequest(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = allocated();
    Config config = bench_config(64);
    config.limits.requests_max = config.limits.requests_per_source_max = kMany;
    Stack stack(config);
    (void)stack.listen({.local = {{}, kPort}, .conditional = true, .backlog_max = UINT32_MAX});
    const std::string data(64, 'd');
    for (std::uint32_t i = 0; i < kMany; ++i)
      stack.receive(Instant(1s), syn_from(i, bytes_of(data)));
    if (stack.stats().requests_held != kMany) state.SkipWithError("not all were held");
    state.counters["bytes_with_64_of_data"] = static_cast<double>(allocated() - before) / kMany;
  }
}
BENCHMARK(BM_BytesPerHeldRequest)->Iterations(1);

}  // namespace
}  // namespace anteroom::benchmarks
