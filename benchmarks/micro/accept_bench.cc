// Accept latency in memory: SYN frame in, condition function, SYN-ACK frame out; the floor beside
// it; the life of a connection; the memory of idle connections and held requests. Not here: the
// same over a device (benchmarks/tap).
#include <algorithm>
#include <chrono>

#include <benchmark/benchmark.h>

#include "benchmarks/micro/frames.h"
#include "stack/base/keyed_hash.h"

namespace anteroom::benchmarks {
namespace {

constexpr std::string_view kCallerData =
    "GET /anteroom, and be quick about it, please: 64 bytes of data.\r\n";
constexpr std::string_view kResponse = "welcome";

// A stack with `others` established connections, and what a turn of its loop needs.
class Server {
 public:
  explicit Server(std::uint32_t others) : stack_(bench_config(2 * others + 70'000)) {
    introduce_neighbor(stack_, now_);
    listener_ = stack_
                    .listen({.local = {{}, kPort},
                             .conditional = true,
                             .deferral = Deferral::independent,
                             .backlog_max = UINT32_MAX})
                    .value();
    for (std::uint32_t i = 0; i < others; ++i) establish(i);
  }

  Stack& stack() { return stack_; }
  Instant now() { return now_ += 1us; }
  MutableBytes out() { return out_; }

  // SYN in, verdict, SYN-ACK out: the turn that is measured. The condition function reads the
  // caller data and answers. Returns the length of the SYN-ACK frame.
  [[gnu::noinline]] std::size_t turn(Bytes syn, ConnectionId& accepted) {
    stack_.receive(now_, syn);
    const auto event = stack_.next_event();
    const auto request = stack_.request(now_, event->pending);
    benchmark::DoNotOptimize(request->caller_data.front());
    accepted = *stack_.accept(now_, event->pending, {.response_data = bytes_of(kResponse)});
    return stack_.next_frame(now_, out_);
  }

  void drain() {
    while (stack_.next_frame(now_, out_) != 0) {
    }
    while (stack_.next_event()) {
    }
  }

  // Forgets a connection whose client never answers, without a word on the wire that matters.
  void forget(ConnectionId id) {
    (void)stack_.abort(now_, id);
    drain();
  }

  ConnectionId establish(std::uint32_t i) {
    ConnectionId id;
    turn(syn_from(i, bytes_of("x")), id);
    const std::uint32_t iss = load(38);
    drain();
    TcpOptions options;
    options.has_timestamp = true;
    options.timestamp_value = i;
    options.timestamp_echo = 0;
    stack_.receive(now_,
                   frame_from(client(i), tcp_flag::ack, 1'000'000 + i + 2,
                              iss + 1 + static_cast<std::uint32_t>(kResponse.size()), options, {}));
    std::uint8_t byte[16];
    (void)stack_.receive_into(now_, id, byte);
    drain();
    return id;
  }

 private:
  std::uint32_t load(std::size_t at) const {
    return std::uint32_t{out_[at]} << 24 | std::uint32_t{out_[at + 1]} << 16 |
           std::uint32_t{out_[at + 2]} << 8 | out_[at + 3];
  }

  Instant now_{1s};
  Stack stack_;
  ListenerId listener_{};
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(65'600);
};

// Visitors that take turns.
constexpr std::uint32_t kVisitors = 256;

// The time-stamp counter, and how many of its ticks make a second.
std::uint64_t ticks() { return __builtin_ia32_rdtsc(); }

double ticks_per_second() {
  static const double rate = [] {
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t first = ticks();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
    }
    const std::uint64_t last = ticks();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    return static_cast<double>(last - first) / elapsed.count();
  }();
  return rate;
}

// Single turns, by their distribution: other programs on the machine spoil a mean, not a median.
class Samples {
 public:
  void add(std::uint64_t elapsed) {
    if (ticks_.size() < 1'000'000) ticks_.push_back(static_cast<std::uint32_t>(elapsed));
  }
  void report(benchmark::State& state) {
    std::sort(ticks_.begin(), ticks_.end());
    state.counters["p50_ns"] = at(0.5);
    state.counters["p99_ns"] = at(0.99);
  }

 private:
  double at(double share) const {
    const auto i = static_cast<std::size_t>(share * static_cast<double>(ticks_.size() - 1));
    return ticks_[i] / ticks_per_second() * 1e9;
  }

  std::vector<std::uint32_t> ticks_;
};

// Clients that come and go while the others stay.
std::vector<std::vector<std::uint8_t>> visitors(std::uint32_t first) {
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::uint32_t i = 0; i < kVisitors; ++i)
    frames.push_back(syn_from(first + i, bytes_of(kCallerData)));
  return frames;
}

// Each turn is timed by itself and the visitor forgotten before the next: reading the counter costs
// about 20 ns, which are in the figure.
void BM_SynToSynAck(benchmark::State& state) {
  const auto others = static_cast<std::uint32_t>(state.range(0));
  Server server(others);
  const auto frames = visitors(others);
  Samples samples;
  std::size_t next = 0;
  for (auto _ : state) {
    const Bytes frame = frames[next++ % kVisitors];
    (void)server.now();
    ConnectionId accepted;
    const std::uint64_t start = ticks();
    benchmark::DoNotOptimize(server.turn(frame, accepted));
    const std::uint64_t end = ticks();
    state.SetIterationTime(static_cast<double>(end - start) / ticks_per_second());
    samples.add(end - start);
    server.forget(accepted);
  }
  samples.report(state);
}
BENCHMARK(BM_SynToSynAck)->Arg(0)->Arg(1'000)->Arg(10'000)->Arg(65'536)->UseManualTime();

// The floor: a program that only answers SYNs. It checks what must be checked (lengths, both
// checksums), remembers nothing, and writes a SYN-ACK with the same options and data.
std::size_t answer_syn(Bytes frame, const HashKey& key, MutableBytes out) {
  const auto ethernet = parse_ethernet(frame);
  const auto ip = parse_ipv4(frame.subspan(kEthernetHeaderBytes));
  if (!ethernet || !ip) return 0;
  const auto tcp = parse_tcp(ip->payload);
  const auto sum =
      sum_of(ones_sum(ip->payload), pseudo_header_sum(ip->header.source, ip->header.destination,
                                                      kProtocolTcp, ip->payload.size()));
  if (!tcp || sum != 0xffff) return 0;
  const auto options = parse_tcp_options(tcp->options);
  if (!options) return 0;
  std::array<std::uint8_t, 12> flow;
  std::copy_n(frame.begin() + 26, 12, flow.begin());
  const auto iss = static_cast<std::uint32_t>(keyed_hash(key, flow));
  emit_ethernet({ethernet->source, kServerMac, kEtherTypeIpv4}, out);
  const MutableBytes packet = out.subspan(kEthernetHeaderBytes);
  const MutableBytes segment = packet.subspan(kIpv4HeaderBytes);
  TcpOptions answer = linux_syn_options(1);
  answer.timestamp_echo = options->timestamp_value;
  const Written written =
      emit_tcp({kPort, tcp->header.source_port, iss,
                tcp->header.seq + 1 + static_cast<std::uint32_t>(tcp->payload.size()),
                tcp_flag::syn | tcp_flag::ack, 65'535, 0, 0},
               answer, segment);
  const std::size_t size = written.bytes + kResponse.size();
  copy_bytes(segment.subspan(written.bytes), bytes_of(kResponse));
  finish_tcp_checksum(
      segment.first(size), written,
      pseudo_header_sum(ip->header.destination, ip->header.source, kProtocolTcp, size));
  IpHeader header;
  header.source = ip->header.destination;
  header.destination = ip->header.source;
  header.protocol = kProtocolTcp;
  header.payload_bytes = static_cast<std::uint16_t>(size);
  emit_ipv4(header, packet);
  return kEthernetHeaderBytes + kIpv4HeaderBytes + size;
}

void BM_Floor(benchmark::State& state) {
  const auto frames = visitors(0);
  const HashKey key{};
  std::vector<std::uint8_t> out(65'600);
  Samples samples;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::uint64_t start = ticks();
    benchmark::DoNotOptimize(answer_syn(frames[next++ % kVisitors], key, out));
    const std::uint64_t end = ticks();
    state.SetIterationTime(static_cast<double>(end - start) / ticks_per_second());
    samples.add(end - start);
  }
  samples.report(state);
}
BENCHMARK(BM_Floor)->UseManualTime();

// One forged SYN with data more than a listener holds: the overload policies drop (0) and challenge
// (1), which answers it with a SYN cookie. What a flood costs per SYN.
void BM_SynBeyondBacklog(benchmark::State& state) {
  constexpr std::uint32_t kBacklog = 4'096;
  Stack stack(bench_config(2 * kBacklog));
  Instant now{1s};
  introduce_neighbor(stack, now);
  stack
      .listen({.local = {{}, kPort},
               .conditional = true,
               .overload = state.range(0) == 0 ? OverloadPolicy::drop : OverloadPolicy::challenge,
               .backlog_max = kBacklog})
      .value();
  std::vector<std::uint8_t> out(stack.frame_bytes_max());
  for (std::uint32_t i = 0; i < kBacklog; ++i) {
    stack.receive(now, syn_from(100'000 + i, bytes_of(kCallerData)));
    while (stack.next_frame(now, out) != 0) {
    }
  }
  const auto frames = visitors(0);
  Samples samples;
  std::size_t next = 0;
  for (auto _ : state) {
    const std::uint64_t start = ticks();
    stack.receive(now, frames[next++ % kVisitors]);
    benchmark::DoNotOptimize(stack.next_frame(now, out));
    const std::uint64_t end = ticks();
    state.SetIterationTime(static_cast<double>(end - start) / ticks_per_second());
    samples.add(end - start);
  }
  samples.report(state);
}
BENCHMARK(BM_SynBeyondBacklog)->Arg(0)->Arg(1)->UseManualTime();

}  // namespace
}  // namespace anteroom::benchmarks
