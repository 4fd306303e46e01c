// The cost of each primitive on the way from SYN to SYN-ACK: parse, checksum, keyed hash, lookup,
// emit.
#include <benchmark/benchmark.h>

#include "benchmarks/micro/frames.h"
#include "stack/base/flat_index.h"
#include "stack/base/keyed_hash.h"
#include "stack/tcp/isn.h"

namespace anteroom::benchmarks {
namespace {

// The SYN of a Linux client with 64 bytes of data, without its Ethernet header.
std::vector<std::uint8_t> syn_packet() {
  std::vector<std::uint8_t> frame = syn_from(1, bytes_of(std::string(64, 'd')));
  frame.erase(frame.begin(), frame.begin() + kEthernetHeaderBytes);
  return frame;
}

void BM_ParseIpv4(benchmark::State& state) {
  const auto packet = syn_packet();
  for (auto _ : state) benchmark::DoNotOptimize(parse_ipv4(packet)->payload.size());
}
BENCHMARK(BM_ParseIpv4);

void BM_ParseTcpWithOptions(benchmark::State& state) {
  const auto packet = syn_packet();
  const Bytes segment = Bytes(packet).subspan(kIpv4HeaderBytes);
  for (auto _ : state) {
    const auto view = parse_tcp(segment);
    benchmark::DoNotOptimize(parse_tcp_options(view->options)->mss);
  }
}
BENCHMARK(BM_ParseTcpWithOptions);

void BM_VerifyTcpChecksum(benchmark::State& state) {
  const auto packet = syn_packet();
  const Bytes segment = Bytes(packet).subspan(kIpv4HeaderBytes);
  const auto header = parse_ipv4(packet)->header;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        sum_of(ones_sum(segment),
               pseudo_header_sum(header.source, header.destination, kProtocolTcp, segment.size())));
  }
}
BENCHMARK(BM_VerifyTcpChecksum);

void BM_Sum(benchmark::State& state) {
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)), 0x5a);
  for (auto _ : state) benchmark::DoNotOptimize(ones_sum(data));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Sum)->Arg(64)->Arg(1460)->Arg(65'535);

void BM_FlowHash(benchmark::State& state) {
  const HashKey key{};
  Flow flow{{kServer, kPort}, client(1)};
  for (auto _ : state) {
    ++flow.remote.port;
    benchmark::DoNotOptimize(flow_hash(key, flow));
  }
}
BENCHMARK(BM_FlowHash);

// Hits, at the load that a full table has.
void BM_Lookup(benchmark::State& state) {
  const auto entries = static_cast<std::uint32_t>(state.range(0));
  FlatIndex index(entries);
  const HashKey key{};
  std::vector<std::uint64_t> hashes;
  for (std::uint32_t i = 0; i < entries; ++i) {
    hashes.push_back(flow_hash(key, {{kServer, kPort}, client(i)}));
    index.insert(hashes.back(), i);
  }
  std::uint32_t next = 0;
  for (auto _ : state) {
    next = (next + 7919) % entries;
    benchmark::DoNotOptimize(index.find(hashes[next], [&](std::uint32_t i) { return i == next; }));
  }
}
BENCHMARK(BM_Lookup)->Arg(1'000)->Arg(65'536)->Arg(1'000'000);

void BM_EmitSynAck(benchmark::State& state) {
  std::vector<std::uint8_t> out(1600);
  const TcpOptions options = linux_syn_options(1);
  IpHeader ip;
  ip.source = kServer;
  ip.destination = client(1).address;
  ip.protocol = kProtocolTcp;
  for (auto _ : state) {
    emit_ethernet({kClientMac, kServerMac, kEtherTypeIpv4}, out);
    const MutableBytes packet = MutableBytes(out).subspan(kEthernetHeaderBytes);
    const MutableBytes segment = packet.subspan(kIpv4HeaderBytes);
    const Written written = emit_tcp(
        {kPort, 1025, 1, 2, tcp_flag::syn | tcp_flag::ack, 65'535, 0, 0}, options, segment);
    const std::size_t size = written.bytes;
    ip.payload_bytes = static_cast<std::uint16_t>(size);
    finish_tcp_checksum(segment.first(size), written,
                        pseudo_header_sum(ip.source, ip.destination, kProtocolTcp, size));
    emit_ipv4(ip, packet);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(BM_EmitSynAck);

}  // namespace
}  // namespace anteroom::benchmarks
