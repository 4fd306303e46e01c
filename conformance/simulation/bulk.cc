// The buffers are larger than any window of the paths that are measured: the network alone limits.
#include "conformance/simulation/bulk.h"

#include <algorithm>
#include <cstdlib>

namespace anteroom::simulation {
namespace {

constexpr std::uint16_t kPort = 5'001;
constexpr std::uint32_t kBufferBytes = 8u << 20;
constexpr std::size_t kReceiver = 0;

class Bulk {
 public:
  explicit Bulk(const BulkOptions& options)
      : options_(options),
        world_(hosts(options), 1, nullptr, trace_),
        scratch_(1u << 16),
        result_{std::vector<BulkFlow>(options.senders), {}},
        by_sender_(options.senders) {
    if (!world_.stack(kReceiver).listen({.local = {IpAddress(), kPort}})) std::abort();
    for (std::size_t i = 0; i < options.senders; ++i) connect(i);
  }

  BulkResult run();

 private:
  static std::vector<HostOptions> hosts(const BulkOptions& options);
  void connect(std::size_t sender);
  void turn(std::size_t host);
  void write(std::size_t sender);
  void read(ConnectionId connection);
  std::uint64_t bytes() const;

  BulkOptions options_;
  Trace trace_;
  World world_;
  std::vector<std::uint8_t> scratch_;
  BulkResult result_;
  std::vector<ConnectionId> by_sender_;
};

std::vector<HostOptions> Bulk::hosts(const BulkOptions& options) {
  std::vector<HostOptions> hosts;
  for (std::size_t i = 0; i <= options.senders; ++i) {
    HostOptions host;
    host.config = host_config(i, 1);
    host.config.tcp = options.tcp;
    host.config.limits.send_buffer_bytes_max = kBufferBytes;
    host.config.limits.receive_buffer_bytes_max = kBufferBytes;
    host.up.latency = host.down.latency = options.rtt / 4;
    if (i == kReceiver) {
      host.down = options.bottleneck;
      host.down.latency = options.rtt / 4;
    }
    hosts.push_back(host);
  }
  return hosts;
}

void Bulk::connect(std::size_t sender) {
  const IpAddress to = world_.stack(kReceiver).config().interface.addresses.front().address;
  const auto id = world_.stack(sender + 1).connect(world_.now(), {.remote = {to, kPort}});
  if (!id) std::abort();
  by_sender_[sender] = *id;
  write(sender);
  (void)world_.send_frames(sender + 1);
}

void Bulk::write(std::size_t sender) {
  while (world_.stack(sender + 1).send(world_.now(), by_sender_[sender], scratch_)) {
  }
}

void Bulk::read(ConnectionId connection) {
  Stack& stack = world_.stack(kReceiver);
  const auto info = stack.connection_info(connection);
  if (!info) return;
  const std::size_t sender = info->flow.remote.address.octets().back() - 2u;
  for (;;) {
    const auto count = stack.receive_into(world_.now(), connection, scratch_);
    if (!count || *count == 0) return;
    result_.flows[sender].bytes += *count;
  }
}

void Bulk::turn(std::size_t host) {
  Stack& stack = world_.stack(host);
  while (const auto event = stack.next_event()) {
    if (event->kind == EventKind::accept_ready) (void)stack.take(event->listener);
    if (event->kind == EventKind::writable) write(host - 1);
    if (event->kind == EventKind::readable) read(event->connection);
  }
  (void)world_.send_frames(host);
}

std::uint64_t Bulk::bytes() const {
  std::uint64_t all = 0;
  for (const BulkFlow& flow : result_.flows) all += flow.bytes;
  return all;
}

BulkResult Bulk::run() {
  const Instant begin = world_.now();
  while (bytes() < options_.bytes_max) {
    const auto next = world_.next_instant();
    if (!next || *next - begin > options_.time_max) break;
    world_.move_to(*next);
    for (std::size_t i = 0; i < world_.hosts(); ++i) turn(i);
  }
  result_.time = std::min(world_.now() - begin, options_.time_max);
  if (bytes() < options_.bytes_max) result_.time = options_.time_max;
  for (std::size_t i = 0; i < options_.senders; ++i) {
    const Stats& stats = world_.stack(i + 1).stats();
    result_.flows[i].retransmitted = stats.segments_retransmitted;
    result_.flows[i].timeouts = stats.retransmit_timeouts;
  }
  return result_;
}

}  // namespace

std::uint64_t BulkResult::kbit_per_s(std::size_t flow) const {
  constexpr std::uint64_t kKilobitNanoseconds = 8'000'000;
  return flows[flow].bytes * kKilobitNanoseconds / static_cast<std::uint64_t>(time.count());
}

BulkResult run_bulk(const BulkOptions& options) { return Bulk(options).run(); }

}  // namespace anteroom::simulation
